"""Starts the proxy: reads the settings, makes the clients, hands them over."""

import asyncio
import ctypes
import math
import socket
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
from proxy.app import Proxy
from proxy.errors import Unreadable
from proxy.library import Library
from proxy.refresh import Clock, Policy, Refreshing
from proxy.requests import LARGEST_HEADERS
from proxy.settings import Settings
from proxy.signed import VALID, SignedUrls
from proxy.token_set import TokenSet
from proxy.upstream import Upstream

GRACE = 8
"""Seconds to finish requests after SIGTERM; Cloud Run kills after 10."""
KEEP_ALIVE = 75
"""Seconds between an answer and the next request: whoever is in front closes before."""
PATIENCE = 1.0
"""Seconds a request waits for news where an older value could serve,"""
FIRST_PATIENCE = 5.0
"""and for the first tokens: as long as one attempt may take."""
FALL_BACK = 600.0
"""Seconds for which an older version of the secret than the last one is taken for a late answer."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n"


def main() -> None:
    """Serve until SIGTERM, then finish what is under way."""
    chosen = settings.load(Settings)
    logs.configure(chosen.log_level)
    settings.log(chosen)
    reuse_memory()

    class Protocol(ImpatientProtocol):
        write_timeout = chosen.write_timeout

    uvicorn.run(
        build(chosen),
        host=chosen.host,
        port=chosen.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=Protocol,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )


def reuse_memory() -> None:
    """Have glibc reuse the memory of a chunk, some hundred KiB, for the next one.

    By itself it asks the kernel for new pages each time, which is half of what streaming costs:
    https://man7.org/linux/man-pages/man3/mallopt.3.html. Another C library has its own ways.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)
        libc.mallopt(_M_TRIM_THRESHOLD, 4 * 1024 * 1024)


class ImpatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for the end of a request's head for ever, collects
    whatever comes, and never gives up a client that takes nothing.

    Here a head has to come within a time, from the start of the connection or from the first byte
    after an answer, and within a size; and what is sent has to arrive.
    """

    head_timeout = 30.0
    """Seconds."""
    head_size = 2 * LARGEST_HEADERS
    """Bytes; what is a little too large is answered by the app itself."""
    most_waiting = 8
    """Requests that came while another is answered; no installer sends any."""
    write_timeout = 60.0
    """Seconds without an acknowledgement from the client: TCP_USER_TIMEOUT, where the system has it
    (https://man7.org/linux/man-pages/man7/tcp.7.html). A client that reads, however slowly, stays.
    """

    _came = 0
    """Bytes since the last head that were no body."""
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first head."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            milliseconds = round(self.write_timeout * 1000)
            connection = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Mind how much of a head has come, and since when."""
        self._came += len(data)
        super().data_received(data)
        under_way: RequestResponseCycle | None = self.cycle
        is_answered = under_way is None or under_way.response_complete
        if is_answered:
            self._start()
        if self._came > self.head_size:
            if is_answered:
                self.transport.write(_TOO_LARGE)
                self.transport.close()
            else:
                self.transport.abort()

    def on_headers_complete(self) -> None:
        """Serve the request, which takes as long as it takes."""
        if len(self.pipeline) >= self.most_waiting:
            raise ValueError("too many requests at once")  # uvicorn answers 400 and closes
        self._came = 0
        self._stop()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Do not take it for a part of the next head."""
        self._came = max(0, self._came - len(body))
        super().on_body(body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more; uvicorn by itself keeps what was reset until KEEP_ALIVE is over."""
        self._stop()
        self._unset_keepalive_if_required()
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
            read_tokens=secret_reader(secret.latest, time.monotonic),
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
    sign: Callable[[str], Awaitable[str]] | None = None
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
    tokens = Policy(refresh, 2 * refresh, PATIENCE, FIRST_PATIENCE)
    return Proxy(
        library,
        Refreshing("tokens", around.read_tokens, tokens, clock),
        cloud_project=chosen.project,
        max_content_length=chosen.max_content_length,
        now=lambda: datetime.now(UTC),
        close=around.close,
    )


def secret_reader(
    latest: Callable[[], SecretVersion], clock: Clock
) -> Callable[[TokenSet | None], Awaitable[TokenSet]]:
    """Make what reads the token set.

    A secret that is gone is no reason to forget the last one. Nor is an older version: ``latest``
    may fall back, for some minutes, to one whose tokens were revoked since; after those the secret
    was made anew. https://cloud.google.com/secret-manager/docs/consistency
    """
    confirmed = -math.inf

    async def read(last: TokenSet | None) -> TokenSet:
        nonlocal confirmed
        try:
            version = await asyncio.to_thread(latest)
        except NotFound as error:
            raise Unreadable(error.subject, error.detail) from error
        if last is not None and version.number < last.number and clock() - confirmed < FALL_BACK:
            raise Unreadable(version.name, f"version {last.number} was read before")
        found = TokenSet.read(version.data, version.name, version.number)
        confirmed = clock()
        return found

    return read


if __name__ == "__main__":
    main()
