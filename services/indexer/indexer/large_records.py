"""Limit of the memory for records: large ones are committed one after the other.

A record takes about ten times its size while it is merged. The size of a large record is known
before it is read, so a waiting commit holds neither the record nor a thread.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cloud.errors import Unavailable

LARGE = 4 << 20
"""Size in bytes from which a record is large: during its commit, no other record above
:data:`SMALL` is committed. Records between the two sizes are committed at the same time if the sum
of their sizes is at most :data:`LARGE`."""
SMALL = 64 << 10
"""Size in bytes up to which records never wait, so that large projects do not delay the others."""
MAX_WAIT = 240.0
"""Seconds for which a commit waits; the commit and the wait are within the ack deadline (600 s)."""


class RecordQueue:
    """Semaphore over the sizes of the records in memory. Use it in one event loop only.

    The first to wait is the first to continue, so that large records do not wait forever.
    """

    def __init__(self, max_wait: float = MAX_WAIT) -> None:
        self._max_wait = max_wait
        self._free = LARGE
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def admit(self, size: int) -> AsyncIterator[None]:
        """Wait until a record of ``size`` bytes fits.

        :raises Unavailable: if it does not fit in time. Pub/Sub delivers the message again.
        """
        weight = 0 if size <= SMALL else min(size, LARGE)
        if not weight:
            yield
            return
        await self._acquire(weight)
        try:
            yield
        finally:
            self._release(weight)

    async def _acquire(self, weight: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((weight, turn))
        self._wake()
        try:
            async with asyncio.timeout(self._max_wait):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._free += weight
            else:
                self._waiting = deque(one for one in self._waiting if one[1] is not turn)
            self._wake()
            if isinstance(error, TimeoutError):
                raise Unavailable("the indexer is busy with large records") from error
            raise

    def _release(self, weight: int) -> None:
        self._free += weight
        self._wake()

    def _wake(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            weight, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= weight
                turn.set_result(None)
