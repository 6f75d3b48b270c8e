"""A strict fake of Cloud Storage: what the JSON and XML APIs promise, and nothing beyond it.

:class:`Storage` is the state machine, :class:`StorageServer` serves it over HTTP. In a test::

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

from testing.storage.core import Hook, Source, Storage
from testing.storage.errors import StorageError
from testing.storage.events import OnFinalize, PubSubNotification
from testing.storage.faults import Fault, Kind, When
from testing.storage.listing import ListQuery, Page
from testing.storage.objects import Attributes, Resource, Version
from testing.storage.preconditions import Preconditions
from testing.storage.server import StorageServer

__all__ = [
    "Attributes",
    "Fault",
    "Hook",
    "Kind",
    "ListQuery",
    "OnFinalize",
    "Page",
    "Preconditions",
    "PubSubNotification",
    "Resource",
    "Source",
    "Storage",
    "StorageError",
    "StorageServer",
    "Version",
    "When",
]
