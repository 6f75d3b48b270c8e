"""The ports ``Bucket`` and ``Topic`` in memory.

The bucket uses the strict fake of Cloud Storage without HTTP: its semantics exist once.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from cloud import errors
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from schemas.push import Message
from testing.storage import (
    Attributes,
    Counts,
    FakeStorage,
    Fault,
    Hook,
    ListQuery,
    Preconditions,
    RewriteSource,
    StorageError,
    Version,
    When,
    fault_error,
)

CHUNK = 4 * 1024 * 1024

_ERRORS: dict[int, type[errors.CloudError]] = {
    401: errors.PermissionDenied,
    403: errors.PermissionDenied,
    404: errors.NotFound,
    412: errors.PreconditionFailed,
    429: errors.TooManyRequests,
}


class MemoryBucket:
    """A :class:`cloud.ports.Bucket` with hooks and faults.

    Each operation calls ``before`` and ``after`` with operation, bucket and object name. A hook
    can block. It can raise to stop the caller before the operation, or after its effect.

    :param storage: a storage for several buckets, or for a server over HTTP as well.
    """

    def __init__(
        self, name: str = "bucket", *, versioning: bool = False, storage: FakeStorage | None = None
    ) -> None:
        self.storage = storage or FakeStorage()
        self._name = name
        if name not in self.storage.buckets:
            self.storage.create_bucket(name, versioning=versioning)
        self.before: Hook | None = None
        self.after: Hook | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def now(self) -> datetime:
        """Clock of the storage; a time that a test sets is constant."""
        return self.storage.now

    @now.setter
    def now(self, moment: datetime | None) -> None:
        self.storage.now = moment

    @property
    def counts(self) -> Counts:
        """Counts of the operations so far, for all buckets of the storage."""
        return self.storage.counts

    def fault(self, fault: Fault) -> None:
        """Make later operations fail.

        A broken connection becomes ``Unavailable``: the bucket represents an adapter after its
        last retry.
        """
        self.storage.faults.add(fault)

    def put(self, name: str, data: bytes = b"", headers: Headers | None = None) -> ObjectInfo:
        """Write an object as another client would: unconditional, without counts, hooks, faults."""
        attributes = _attributes(headers) if headers else Attributes()
        return _info(self.storage.insert(self._name, name, data, attributes))

    def remove(self, name: str) -> None:
        """Delete an object as another client would."""
        self.storage.delete(self._name, name)

    def stat(self, name: str, generation: int | None = None) -> ObjectInfo | None:
        try:
            with self._step("objects.get", name):
                return _info(self.storage.get(self._name, name, generation))
        except errors.NotFound:
            return None

    def read(self, name: str) -> StoredObject | None:
        try:
            with self._step("objects.download", name):
                version = self.storage.get(self._name, name)
                return StoredObject(version.generation, version.data)
        except errors.NotFound:
            return None

    def read_up_to(self, name: str, limit: int) -> StoredObject | int | None:
        stored = self.read(name)
        return len(stored.data) if stored and len(stored.data) > limit else stored

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        stop = info.size if end is None else min(end, info.size)
        for first in range(start, stop, CHUNK):
            with self._step("objects.download", info.name):
                version = self.storage.get(self._name, info.name, info.generation)
                chunk = version.data[first : min(first + CHUNK, stop)]
            yield chunk

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        with self._step("objects.insert", name):
            conditions = Preconditions(generation_match=if_generation)
            attributes = _attributes(headers)
            return _info(self.storage.insert(self._name, name, data, attributes, conditions))

    def rewrite(self, source: Bucket, info: ObjectInfo, name: str, headers: Headers) -> ObjectInfo:
        assert isinstance(source, MemoryBucket), "a rewrite needs two buckets in memory"
        original = RewriteSource(source.name, info.name, info.generation)
        with self._step("objects.rewrite", name):
            version = self.storage.rewrite(
                original,
                self._name,
                name,
                _attributes(headers),
                Preconditions(generation_match=0),
                origin=source.storage,
            )
            return _info(version)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        token = ""
        while True:
            with self._step("objects.list", ""):
                page = self.storage.list(self._name, ListQuery(prefix=prefix, page_token=token))
            yield from map(_info, page.items)
            if not (token := page.next_page_token):
                return

    @contextmanager
    def _step(self, operation: str, name: str) -> Iterator[None]:
        """Run one operation: hook, faults, the work and its count, faults, hook."""
        faults = self.storage.faults.pick(operation, self._name, name)
        with _translate_errors(f"gs://{self._name}/{name}"):
            with self._count(operation):
                self._call(self.before, operation, name)
                _strike(faults, "before")
                yield
            _strike(faults, "after")
            self._call(self.after, operation, name)

    @contextmanager
    def _count(self, operation: str) -> Iterator[None]:
        try:
            yield
        except StorageError as error:
            self.storage.counts.add(operation, error.status)
            raise
        self.storage.counts.add(operation, 200)

    def _call(self, hook: Hook | None, operation: str, name: str) -> None:
        if hook is not None:
            hook(operation, self._name, name)


class MemoryTopic:
    """A :class:`cloud.ports.Topic` that keeps its messages.

    ``publish`` calls ``before`` and ``after`` with each message. If ``before`` raises, the message
    is lost. If ``after`` raises, the topic has accepted the message, but the caller gets an error.
    """

    def __init__(self) -> None:
        self.before: Callable[[Message], None] | None = None
        self.after: Callable[[Message], None] | None = None
        self._messages: list[Message] = []
        self._lock = threading.Lock()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages so far, in the order of publication."""
        with self._lock:
            return tuple(self._messages)

    def take(self) -> tuple[Message, ...]:
        """Return the messages since the last call, and empty the topic."""
        with self._lock:
            messages = tuple(self._messages)
            self._messages.clear()
        return messages

    def publish(self, message: Message) -> None:
        if self.before is not None:
            self.before(message)
        with self._lock:
            self._messages.append(message)
        if self.after is not None:
            self.after(message)


@contextmanager
def _translate_errors(subject: str) -> Iterator[None]:
    """Raise the errors of the storage as the adapter does."""
    try:
        yield
    except StorageError as error:
        raise errors.choose_error(error.status, error.message, _ERRORS)(
            subject, error.message
        ) from error


def _strike(faults: Iterable[Fault], when: When) -> None:
    for fault in faults:
        if fault.when != when:
            continue
        if fault.kind == "latency":
            time.sleep(fault.seconds)
        else:
            raise fault_error(fault.status if fault.kind == "error" else 503)


def _attributes(headers: Headers) -> Attributes:
    return Attributes(
        content_type=headers.content_type,
        cache_control=headers.cache_control,
        metadata=dict(headers.metadata),
    )


def _info(version: Version) -> ObjectInfo:
    attributes = version.attributes
    return ObjectInfo(
        name=version.name,
        generation=version.generation,
        size=len(version.data),
        created=version.created,
        content_type=attributes.content_type or "",
        content_encoding=attributes.content_encoding or "",
        metadata=dict(attributes.metadata),
    )
