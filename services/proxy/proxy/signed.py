"""Signed URLs, each made once and handed out for an hour."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from cloud.errors import Unavailable
from proxy.refresh import Clock
from schemas.names import Filename

VALID = 2 * 3600
"""Seconds that a URL is good for,"""
HANDED_OUT = 3600
"""and those that it is handed out for, so that every client has the rest to begin."""
MOST = 4096
"""URLs kept; each is about a kilobyte."""


class SignedUrls:
    """URLs by object; one signature an object and hour, however many ask.

    :param sign: makes a URL that is good for :data:`VALID` seconds.
    :param timeout: seconds to wait for one.
    """

    def __init__(
        self,
        sign: Callable[[str], Awaitable[str]],
        timeout: float,
        clock: Clock,
    ) -> None:
        self._sign, self._timeout, self._clock = sign, timeout, clock
        self._urls: OrderedDict[Filename, tuple[float, asyncio.Future[str]]] = OrderedDict()

    async def get(self, filename: Filename) -> str:
        """Return the URL of a file, whatever its generation: its name stands for its bytes.

        :raises CloudError: if it could not be signed; the next who asks has it tried again.
        """
        until, url = self._urls.get(filename, (0.0, None))
        if url is None or self._clock() >= until or (url.done() and url.exception()):
            url = asyncio.ensure_future(self._signed(filename))
            self._urls[filename] = self._clock() + HANDED_OUT, url
        self._urls.move_to_end(filename)
        while len(self._urls) > MOST:
            self._urls.popitem(last=False)
        return await asyncio.shield(url)

    async def _signed(self, filename: Filename) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._sign(filename)
        except TimeoutError as error:
            raise Unavailable(filename, f"no signature within {self._timeout:g} s") from error
