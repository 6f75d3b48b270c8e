"""Checks of a file in a thread, while its bytes arrive in the event loop."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from anyio import (
    BrokenResourceError,
    CapacityLimiter,
    EndOfStream,
    create_memory_object_stream,
    from_thread,
    to_thread,
)

Result = TypeVar("Result")


class Inspection(Generic[Result]):
    """Function over the chunks of a file, in a thread. It holds one chunk at a time.

    :param function: takes the chunks, and blocks until the next one is there.
    :param threads: limiter of the threads; the next inspection waits for a free one.
    """

    def __init__(
        self, function: Callable[[Iterable[bytes]], Result], threads: CapacityLimiter
    ) -> None:
        self._function = function
        self._send, self._receive = create_memory_object_stream[bytes](0)
        self._task = asyncio.ensure_future(to_thread.run_sync(self._run, limiter=threads))
        self._task.add_done_callback(_retrieve_exception)

    async def feed(self, chunk: bytes) -> None:
        """Pass on a chunk, when the function has read the one before.

        If the function has ended, raise its exception. A function that needs no further chunk
        returns its result at :meth:`finish`.
        """
        try:
            await self._send.send(chunk)
        except BrokenResourceError:
            await self._task

    async def finish(self) -> Result:
        """End the chunks, and return the result or raise the exception of the function."""
        self._send.close()
        return await self._task

    async def aclose(self) -> None:
        """End the chunks, wait for the thread, and drop its result."""
        self._send.close()
        with suppress(Exception):
            await asyncio.shield(self._task)

    def _run(self) -> Result:
        try:
            return self._function(self._iterate())
        finally:
            from_thread.run_sync(self._receive.close)

    def _iterate(self) -> Iterator[bytes]:
        while True:
            try:
                chunk = from_thread.run(self._receive.receive)
            except EndOfStream:
                return
            yield chunk
            del chunk


def _retrieve_exception(task: "asyncio.Task[Result]") -> None:
    """Keep the event loop from logging a refusal that an interrupted upload does not wait for."""
    if not task.cancelled():
        task.exception()
