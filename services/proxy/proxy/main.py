"""Starts the proxy: reads the settings, makes the clients, hands them over."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import uvicorn

from cloud import logs, secrets, settings, storage
from cloud.errors import NotFound
from cloud.secrets import Secret, SecretVersion
from proxy.app import Limits, Proxy
from proxy.errors import Unreadable
from proxy.library import Library
from proxy.refresh import Policy, Refreshing
from proxy.settings import ProxySettings
from proxy.store import Store
from proxy.tokens import TokenSet

GRACE = 8
"""Seconds to finish requests after SIGTERM; Cloud Run kills after 10."""
PATIENCE = 1.0
"""Seconds a request waits for news where an older value could serve."""


def main() -> None:
    """Serve until SIGTERM, then finish what is under way."""
    chosen = settings.load(ProxySettings)
    logs.configure(chosen.log_level)
    settings.log(chosen)
    uvicorn.run(
        build(chosen),
        host=chosen.host,
        port=chosen.port,
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE,
    )


def build(chosen: ProxySettings) -> Proxy:
    """Make the app and what it stands on; nothing is asked of Google Cloud yet."""
    client = storage.connect(chosen.project)
    threads = ThreadPoolExecutor(chosen.storage_concurrency, "storage")
    static, packages = (
        Store(storage.StorageBucket(client, name), threads, chosen.storage_timeout)
        for name in (chosen.static_bucket, chosen.packages_bucket)
    )
    secret = Secret(
        secrets.connect(chosen.secret_manager_emulator_host or None),
        chosen.project,
        chosen.tokens_secret,
    )
    return assemble(chosen, static, packages, secret_reader(secret.latest))


def assemble(
    chosen: ProxySettings,
    static: Store,
    packages: Store,
    read_tokens: Callable[[TokenSet | None], Awaitable[TokenSet]],
    clock: Callable[[], float] = time.monotonic,
) -> Proxy:
    """Put the app together."""
    refresh, age, ttl = chosen.tokens_refresh, chosen.blocked_refresh, chosen.cache_ttl
    wait = chosen.storage_timeout
    library = Library(
        static,
        packages,
        pages=Policy(ttl, ttl, PATIENCE, wait, chosen.cache_stale),
        blocked=Policy(age, age, PATIENCE, wait),
        capacity=chosen.cache_bytes,
        clock=clock,
    )
    return Proxy(
        library,
        Refreshing("tokens", read_tokens, Policy(refresh, 2 * refresh, PATIENCE, PATIENCE), clock),
        cloud_project=chosen.project,
        limits=Limits(chosen.write_timeout, chosen.max_content_length),
        now=lambda: datetime.now(UTC),
    )


def secret_reader(
    latest: Callable[[], SecretVersion],
) -> Callable[[TokenSet | None], Awaitable[TokenSet]]:
    """Make what reads the token set; a secret that is gone is no reason to forget the last one."""

    async def read(last: TokenSet | None) -> TokenSet:
        try:
            version = await asyncio.to_thread(latest)
        except NotFound as error:
            raise Unreadable(error.subject, error.detail) from error
        return TokenSet.read(version.data, version.name)

    return read


if __name__ == "__main__":
    main()
