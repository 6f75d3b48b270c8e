"""The ``Reader`` port in memory, over the strict fake of Cloud Storage without the HTTP."""

import asyncio
import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self

from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.ports import StoredObject
from testing.storage import Fault, Preconditions, Storage, StorageError, Version, When
from testing.storage.errors import injected
from testing.storage.preconditions import NONE

CHUNK = 64 * 1024

_OURS: dict[int, type[CloudError]] = {401: PermissionDenied, 403: PermissionDenied, 404: NotFound}


class MemoryDownload:
    """:param breaks: the position at which no more comes; the adapter's own retries are used up."""

    def __init__(
        self, version: Version, subject: str, part: slice, breaks: int, under_way: set[object]
    ) -> None:
        self._data, self._subject, self._breaks = version.data, subject, breaks
        self._under_way = under_way
        self.generation, self.size = version.generation, len(version.data)
        self.md5 = base64.b64decode(version.hashes.md5).hex()
        self.start, self.stop, _ = part.indices(self.size)
        if self.start >= self.stop:
            self.start, self.stop = 0, self.size
        self._position = self.start
        under_way.add(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        if self._position == self.stop:
            raise StopAsyncIteration
        if self._position >= self._breaks:
            raise Unavailable(self._subject, "the body broke off")
        end = min(self._position + CHUNK, self.stop, self._breaks)
        chunk = self._data[self._position : end]
        self._position = end
        return chunk

    async def aclose(self) -> None:
        self._under_way.discard(self)


class MemoryReader:
    """A :class:`cloud.ports.Reader` of a bucket of ``storage``, whose counts and faults it heeds.

    It stands for an adapter whose own retries are used up: what breaks is ``Unavailable`` at once.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self._name = storage, name
        self.under_way: set[object] = set()
        """The downloads that nobody has closed yet."""

    async def read(self, name: str) -> StoredObject:
        return await self._read(name, NONE)

    async def changed(self, name: str, since: int) -> StoredObject | None:
        try:
            return await self._read(name, Preconditions(generation_not_match=since))
        except _NotModified:
            return None

    async def _read(self, name: str, conditions: Preconditions) -> StoredObject:
        faults = self._faults(name)
        with self._counted(name):
            await _strike(faults, "before")
            version = self._storage.get(self._name, name, None, conditions)
        await _strike(faults, "after")
        return StoredObject(version.generation, version.data)

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> MemoryDownload:
        faults = self._faults(name)
        with self._counted(name):
            await _strike(faults, "before")
            version = self._storage.get(self._name, name)
        breaks = min((f.after_bytes for f in faults if f.kind == "truncate"), default=1 << 62)
        part = slice(start, stop)
        return MemoryDownload(version, self._subject(name), part, breaks, self.under_way)

    def _faults(self, name: str) -> list[Fault]:
        return self._storage.faults.pick("objects.download", self._name, name)

    def _subject(self, name: str) -> str:
        return f"gs://{self._name}/{name}"

    @contextmanager
    def _counted(self, name: str) -> Iterator[None]:
        """Count one operation, and raise what the store answers as the adapter would."""
        status = 200
        try:
            yield
        except StorageError as error:
            status = error.status
            if status == 304:
                raise _NotModified from error
            raise _OURS.get(status, Unavailable)(self._subject(name), error.message) from error
        finally:
            self._storage.counts.add("objects.download", status)


class _NotModified(Exception):
    """The answer 304 to a read."""


async def _strike(faults: Iterable[Fault], when: When) -> None:
    for fault in faults:
        if fault.when == when and fault.kind != "truncate":
            await asyncio.sleep(fault.seconds)
            if fault.kind != "latency":
                raise injected(fault.status if fault.kind == "error" else 503)
