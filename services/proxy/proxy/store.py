"""The one seam through which the proxy reads storage: asynchronous, bounded, with a deadline.

The port's calls run in a few threads; what finds none free waits, and that time counts too.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from typing import TypeVar

from cloud.errors import NotFound, Unavailable
from cloud.ports import Bucket, ObjectInfo, StoredObject
from schemas.types import Generation

T = TypeVar("T")


class Store:
    """One bucket, read from the event loop.

    :param threads: as many as operations may be under way at a time; shared by all buckets.
    :param timeout: seconds to wait for one operation.

    Every method may raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`.
    """

    def __init__(self, bucket: Bucket, threads: Executor, timeout: float) -> None:
        self._bucket, self._threads, self._timeout = bucket, threads, timeout

    async def read(self, name: str) -> StoredObject:
        """Return a small object whole.

        :raises NotFound: if there is no such object.
        """
        stored = await self._run(name, lambda: self._bucket.read(name))
        if stored is None:
            raise Unavailable(self._subject(name), "no bytes in the answer")
        return stored

    async def changed(self, name: str, since: Generation) -> StoredObject | None:
        """Return a small object whole, or None if ``since`` is still its generation.

        :raises NotFound: if there is no such object.
        """
        return await self._run(name, lambda: self._bucket.read(name, unless=since))

    async def open(self, name: str, small: int) -> tuple[ObjectInfo, bytes | None]:
        """Return what is known of an object, with its bytes if they are no more than ``small``.

        :raises NotFound: if there is no such object.
        """
        info = await self._run(name, lambda: self._bucket.stat(name))
        if info is None:
            raise NotFound(self._subject(name))
        if info.size > small:
            return info, None
        return info, (await self.read(name)).data

    async def stream(self, info: ObjectInfo, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes ``start`` to ``stop`` (exclusive), a chunk in memory at a time."""
        chunks = self._bucket.stream(info, start=start, end=stop)
        while chunk := await self._run(info.name, lambda: next(chunks, b"")):
            yield chunk

    async def _run(self, name: str, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                return await loop.run_in_executor(self._threads, call)
        except TimeoutError as error:
            detail = f"no answer within {self._timeout:g} s"
            raise Unavailable(self._subject(name), detail) from error

    def _subject(self, name: str) -> str:
        return f"gs://{self._bucket.name}/{name}"
