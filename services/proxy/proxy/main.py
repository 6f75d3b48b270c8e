"""Starts the proxy: reads the settings, makes the clients, hands them over."""

import asyncio
import ctypes
import gc
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import uvicorn

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
from proxy.protocol import ImpatientProtocol
from proxy.refresh import Clock, Policy, Refreshing
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


def main() -> None:
    """Serve until SIGTERM, then finish what is under way."""
    chosen = settings.load(Settings)
    logs.configure(chosen.log_level)
    settings.log(chosen)
    reuse_memory()
    app = build(chosen)
    freeze_what_is_loaded()

    class Protocol(ImpatientProtocol):
        write_timeout = chosen.write_timeout

    uvicorn.run(
        app,
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


def freeze_what_is_loaded() -> None:
    """Have the garbage collector leave alone what is here already, as it never becomes garbage.

    A full collection goes through all of it, and every request waits meanwhile.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


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
