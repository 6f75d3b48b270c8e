"""Starts the proxy: reads the settings, makes the clients, hands them over."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cloud import logs, secrets, settings
from cloud.errors import NotFound
from cloud.identity import READ_STORAGE, Identity
from cloud.ports import Reader
from cloud.reader import ORIGIN, Storage, StorageReader
from cloud.secrets import Secret, SecretVersion
from cloud.signing import UrlSigner
from proxy.app import Limits, Proxy
from proxy.errors import Unreadable
from proxy.library import Library
from proxy.refresh import Clock, Policy, Refreshing
from proxy.requests import LARGEST_HEADERS
from proxy.settings import Settings
from proxy.signed import VALID, SignedUrls
from proxy.token_set import TokenSet
from proxy.upstream import Upstream
from schemas.types import Generation

GRACE = 8
"""Seconds to finish requests after SIGTERM; Cloud Run kills after 10."""
KEEP_ALIVE = 75
"""Seconds between an answer and the next request: whoever is in front closes before."""
PATIENCE = 1.0
"""Seconds a request waits for news where an older value could serve."""

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n"


def main() -> None:
    """Serve until SIGTERM, then finish what is under way."""
    chosen = settings.load(Settings)
    logs.configure(chosen.log_level)
    settings.log(chosen)
    uvicorn.run(
        build(chosen),
        host=chosen.host,
        port=chosen.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=ImpatientProtocol,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for the end of a request's head for ever, and
    collects whatever comes.

    Here a head has to come within a time, from the start of the connection or from the first byte
    after an answer, and within a size.
    """

    head_timeout = 30.0
    """Seconds."""
    head_size = 2 * LARGEST_HEADERS
    """Bytes; what is a little too large is answered by the app itself."""

    _came = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first head."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Mind how much of a head has come, and since when, if it has not come to its end."""
        super().data_received(data)
        under_way: RequestResponseCycle | None = self.cycle
        if under_way is None or under_way.response_complete:
            self._came += len(data)
            self._start()
            if self._came > self.head_size:
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_headers_complete(self) -> None:
        """Serve the request, which takes as long as it takes."""
        self._came = 0
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_timeout, self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def build(chosen: Settings) -> Proxy:
    """Make the app and what it stands on; nothing is asked of Google Cloud yet."""
    emulator = chosen.storage_emulator_host or None
    storage = Storage(
        emulator or ORIGIN,
        None if emulator else Identity(READ_STORAGE),
        concurrency=chosen.storage_concurrency,
        timeout=chosen.storage_timeout,
    )
    client = secrets.connect(chosen.secret_manager_emulator_host or None)
    secret = Secret(client, chosen.project, chosen.tokens_secret)
    redirects = chosen.downloads == "redirect"
    return assemble(
        chosen,
        Surroundings(
            static=StorageReader(storage, chosen.static_bucket),
            packages=StorageReader(storage, chosen.packages_bucket),
            read_tokens=secret_reader(secret.latest),
            sign=UrlSigner(chosen.packages_bucket, VALID).sign if redirects else None,
            close=storage.close,
        ),
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the proxy stands on."""

    static: Reader
    packages: Reader
    read_tokens: Callable[[TokenSet | None], Awaitable[TokenSet]]
    close: Callable[[], Awaitable[None]]
    sign: Callable[[str, Generation], Awaitable[str]] | None = None
    """Makes the signed URLs, where files are not streamed."""
    clock: Clock = time.monotonic


def assemble(chosen: Settings, around: Surroundings) -> Proxy:
    """Put the app together."""
    refresh, age, ttl = chosen.tokens_refresh, chosen.blocked_refresh, chosen.cache_ttl
    wait, clock = chosen.storage_timeout, around.clock
    upstream, sign = chosen.upstream_index_url, around.sign
    library = Library(
        around.static,
        around.packages,
        pages=Policy(ttl, ttl, PATIENCE, wait, chosen.cache_stale),
        blocked=Policy(age, age, PATIENCE, wait),
        capacity=chosen.cache_bytes,
        clock=clock,
        upstream=Upstream(upstream, chosen.private_names) if upstream else None,
        signed=SignedUrls(sign, wait, clock) if sign else None,
    )
    tokens = Policy(refresh, 2 * refresh, PATIENCE, PATIENCE)
    return Proxy(
        library,
        Refreshing("tokens", around.read_tokens, tokens, clock),
        cloud_project=chosen.project,
        limits=Limits(chosen.write_timeout, chosen.max_content_length),
        now=lambda: datetime.now(UTC),
        close=around.close,
    )


def secret_reader(
    latest: Callable[[], SecretVersion],
) -> Callable[[TokenSet | None], Awaitable[TokenSet]]:
    """Make what reads the token set.

    A secret that is gone is no reason to forget the last one; nor is an older version than the last
    one, as ``latest`` may fall back to one whose tokens were revoked since:
    https://cloud.google.com/secret-manager/docs/consistency
    """

    async def read(last: TokenSet | None) -> TokenSet:
        try:
            version = await asyncio.to_thread(latest)
        except NotFound as error:
            raise Unreadable(error.subject, error.detail) from error
        if last is not None and version.number < last.number:
            raise Unreadable(version.name, f"version {last.number} was read before")
        return TokenSet.read(version.data, version.name, version.number)

    return read


if __name__ == "__main__":
    main()
