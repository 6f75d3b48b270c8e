"""The ``Reader`` port in memory, on the strict fake of Cloud Storage without HTTP."""

import asyncio
import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.ports import StoredObject
from testing.storage import (
    NONE,
    FakeStorage,
    Fault,
    Preconditions,
    StorageError,
    Version,
    When,
    fault_error,
)

CHUNK = 64 * 1024

_ERRORS: dict[int, type[CloudError]] = {401: PermissionDenied, 403: PermissionDenied, 404: NotFound}


class MemoryDownload:
    """Download of a part of one version.

    :param breaks: position of the failure, as after the last retry of the adapter.
    :param open_downloads: the set of downloads that are not closed.
    """

    def __init__(
        self, version: Version, subject: str, part: slice, breaks: int, open_downloads: set[object]
    ) -> None:
        self._data, self._subject, self._breaks = version.data, subject, breaks
        self._open_downloads = open_downloads
        self.generation, self.size = version.generation, len(version.data)
        self.md5 = base64.b64decode(version.hashes.md5).hex()
        self.start, self.stop, _ = part.indices(self.size)
        if self.start >= self.stop:
            self.start, self.stop = 0, self.size
        self._position = self.start
        open_downloads.add(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        if self._position == self.stop:
            raise StopAsyncIteration
        if self._position >= self._breaks:
            raise Unavailable(self._subject, "the body is truncated")
        end = min(self._position + CHUNK, self.stop, self._breaks)
        chunk = self._data[self._position : end]
        self._position = end
        return chunk

    async def aclose(self) -> None:
        self._open_downloads.discard(self)


class MemoryReader:
    """A :class:`cloud.ports.Reader` of a bucket of ``storage``, with its counts and faults.

    It represents an adapter after its last retry: a broken connection is ``Unavailable`` at once.
    """

    def __init__(self, storage: FakeStorage, name: str) -> None:
        self._storage, self._name = storage, name
        self.open_downloads: set[object] = set()
        """Downloads that the caller has not closed."""

    async def read(self, name: str) -> StoredObject:
        return await self._read(name, NONE)

    async def read_if_changed(self, name: str, since: int) -> StoredObject | None:
        try:
            return await self._read(name, Preconditions(generation_not_match=since))
        except _NotModified:
            return None

    async def _read(self, name: str, conditions: Preconditions) -> StoredObject:
        faults = self._pick_faults(name)
        with self._count(name):
            await _strike(faults, "before")
            version = self._storage.get(self._name, name, None, conditions)
        await _strike(faults, "after")
        return StoredObject(version.generation, version.data)

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> MemoryDownload:
        faults = self._pick_faults(name)
        with self._count(name):
            await _strike(faults, "before")
            version = self._storage.get(self._name, name)
        breaks = min((f.after_bytes for f in faults if f.kind == "truncate"), default=1 << 62)
        part = slice(start, stop)
        return MemoryDownload(version, self._subject(name), part, breaks, self.open_downloads)

    def _pick_faults(self, name: str) -> list[Fault]:
        return self._storage.faults.pick("objects.download", self._name, name)

    def _subject(self, name: str) -> str:
        return f"gs://{self._name}/{name}"

    @contextmanager
    def _count(self, name: str) -> Iterator[None]:
        """Count one operation, and raise the errors of the storage as the adapter does."""
        status = 200
        try:
            yield
        except StorageError as error:
            status = error.status
            if status == 304:
                raise _NotModified from error
            raise _ERRORS.get(status, Unavailable)(self._subject(name), error.message) from error
        finally:
            self._storage.counts.add("objects.download", status)


class _NotModified(Exception):
    """Response 304 to a conditional read."""


async def _strike(faults: Iterable[Fault], when: When) -> None:
    for fault in faults:
        if fault.when == when and fault.kind != "truncate":
            await asyncio.sleep(fault.seconds)
            if fault.kind != "latency":
                raise fault_error(fault.status if fault.kind == "error" else 503)
