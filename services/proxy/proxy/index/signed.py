"""Signed URLs of files. The proxy reuses each URL for an hour."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from access.refresh import Clock
from cloud.errors import Unavailable
from schemas.names import Filename

VALIDITY = 2 * 3600
"""Seconds for which a URL is valid."""
REUSE = 3600
"""Seconds for which the proxy sends the same URL. At least an hour remains to start a download."""
CAPACITY = 4096
"""Number of URLs in memory, of about one kilobyte each."""


class SignedUrls:
    """Signed URLs by file name, with one signature per file and hour.

    :param sign: function that returns a URL that is valid for :data:`VALIDITY` seconds.
    :param timeout: maximum wait for a signature, in seconds.
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
        """Return the URL of a file. It has no generation, as a name always means the same bytes.

        :raises CloudError: if the URL cannot be signed. The next request tries again.
        """
        until, url = self._urls.get(filename, (0.0, None))
        if url is None or self._clock() >= until or (url.done() and url.exception()):
            url = asyncio.ensure_future(self._create(filename))
            self._urls[filename] = self._clock() + REUSE, url
        self._urls.move_to_end(filename)
        while len(self._urls) > CAPACITY:
            self._urls.popitem(last=False)
        return await asyncio.shield(url)

    async def _create(self, filename: Filename) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._sign(filename)
        except TimeoutError as error:
            raise Unavailable(filename, f"no signature within {self._timeout:g} s") from error
