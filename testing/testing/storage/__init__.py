"""A strict fake of Cloud Storage: it keeps the promises of the JSON and XML APIs, and no others.

:class:`FakeStorage` is the state machine, :class:`StorageServer` serves it over HTTP. In a test::

    with StorageServer() as server:
        os.environ["STORAGE_EMULATOR_HOST"] = server.url
        server.storage.create_bucket("packages")
        server.storage.faults.add(Fault("reset", operation="objects.download", times=2))
        server.storage.before = lambda operation, bucket, name: ...
        ...
        server.storage.counts.billed  # Counter({"B": 3, "A": 1})

From another process: ``python -m testing.storage --port 4443`` and
:mod:`testing.storage.http.control`.
"""

from testing.storage.core import FakeStorage, Hook, RewriteSource
from testing.storage.errors import StorageError
from testing.storage.faults import Fault, Kind, When
from testing.storage.http_server import StorageServer
from testing.storage.notifications import OnFinalize, PubSubNotification
from testing.storage.object_listing import ListQuery, Page
from testing.storage.objects import Attributes, Resource, Version
from testing.storage.preconditions import Preconditions

__all__ = [
    "Attributes",
    "FakeStorage",
    "Fault",
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
]
