"""The strict stand-in of Cloud Storage for tests, with faults, hooks and counts.

:class:`FakeStorage` is the state machine, which the local runtime uses too
(``local.stand_ins.storage``). :class:`StorageServer` serves it over HTTP. In a test::

    with StorageServer() as server:
        os.environ["STORAGE_EMULATOR_HOST"] = server.url
        server.storage.create_bucket("packages")
        server.storage.faults.add(Fault("reset", operation="objects.download", times=2))
        server.storage.before = lambda operation, bucket, name: ...
        ...
        server.storage.counts.billed  # Counter({"B": 3, "A": 1})

From another process: ``python -m testing.storage --port 4443`` and :mod:`testing.storage.control`.
"""

from local.stand_ins.storage.core import FakeStorage, Hook, RewriteSource
from local.stand_ins.storage.counts import Counts
from local.stand_ins.storage.errors import StorageError, fault_error
from local.stand_ins.storage.faults import Fault, Faults, Kind, When
from local.stand_ins.storage.notifications import (
    OnFinalize,
    PubSubNotification,
    make_finalize_attributes,
    make_payload,
)
from local.stand_ins.storage.object_listing import ListQuery, Page
from local.stand_ins.storage.objects import Attributes, Resource, Version
from local.stand_ins.storage.preconditions import NONE, Preconditions
from testing.storage.http_server import StorageServer

__all__ = [
    "NONE",
    "Attributes",
    "Counts",
    "FakeStorage",
    "Fault",
    "Faults",
    "Hook",
    "Kind",
    "ListQuery",
    "OnFinalize",
    "Page",
    "Preconditions",
    "PubSubNotification",
    "Resource",
    "RewriteSource",
    "StorageError",
    "StorageServer",
    "Version",
    "When",
    "fault_error",
    "make_finalize_attributes",
    "make_payload",
]
