"""Composition root of the proxy: ``python -m proxy.main``."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.routing import Router

from access.authentication import Authenticator
from access.refresh import Clock, RefreshingValue, RefreshPolicy
from access.token_set import LoadTokens, create_loader
from chassis import logs
from chassis.server import serve
from chassis.settings import load_settings, log_settings
from cloud import secrets
from cloud.identity import READ_STORAGE, Identity
from cloud.ports import Reader
from cloud.reader import ORIGIN, StorageReader, StorageSession
from cloud.secrets import Secret
from cloud.signing import UrlSigner
from proxy.app import create_app
from proxy.http.protocol import GuardedProtocol
from proxy.index.blocking import read_blocked
from proxy.index.cache import Cache
from proxy.index.files import Files
from proxy.index.handlers import Index
from proxy.index.representations import create_description
from proxy.index.signed import VALIDITY, SignedUrls
from proxy.index.static_pages import Pages
from proxy.index.upstream import Upstream
from proxy.memory import freeze_loaded_objects, reuse_memory
from proxy.settings import Settings
from schemas import layout

KEEP_ALIVE = 75
"""Seconds until the proxy closes an idle connection. A front end closes it earlier."""
MAX_WAIT = 1.0
"""Seconds a request waits for a new value if there is an older one."""
FIRST_MAX_WAIT = 5.0
"""Seconds a request waits for the first tokens: the maximum duration of one attempt."""


def main() -> None:
    """Read the settings, create the clients and the application, and serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    reuse_memory()
    app = build_app(settings, connect(settings))
    freeze_loaded_objects()

    class ConfiguredProtocol(GuardedProtocol):
        write_timeout = settings.write_timeout

    serve(
        app,
        settings,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http=ConfiguredProtocol,
        timeout_keep_alive=KEEP_ALIVE,
    )


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of Google Cloud, and the clock."""

    static: Reader
    packages: Reader
    load_tokens: LoadTokens
    close: Callable[[], Awaitable[None]]
    sign: Callable[[str], Awaitable[str]] | None = None
    """Signer of the URLs of files; None unless ``DOWNLOADS=redirect``."""
    clock: Clock = time.monotonic


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    emulator = settings.storage_emulator_host or None
    storage = StorageSession(
        emulator or ORIGIN,
        None if emulator else Identity(READ_STORAGE),
        concurrency=settings.storage_concurrency,
        timeout=settings.storage_timeout,
    )
    secret_manager = secrets.connect(settings.secret_manager_emulator_host or None)
    secret = Secret(secret_manager, settings.gcp_project, settings.tokens_secret)
    is_redirecting = settings.downloads == "redirect"
    return Clients(
        static=StorageReader(storage, settings.static_bucket),
        packages=StorageReader(storage, settings.packages_bucket),
        load_tokens=create_loader(secret.access_latest, time.monotonic),
        close=storage.close,
        sign=UrlSigner(settings.packages_bucket, VALIDITY).sign if is_redirecting else None,
    )


def build_app(settings: Settings, clients: Clients) -> Router:
    """Create the application with its clients."""
    return create_app(
        _build_index(settings, clients),
        _build_authenticator(settings, clients),
        gcp_project=settings.gcp_project,
        close=clients.close,
        cors_origins=settings.cors_origins,
    )


def _build_index(settings: Settings, clients: Clients) -> Index:
    ttl, age, wait = settings.cache_ttl, settings.blocked_refresh, settings.storage_timeout
    url, static, clock = settings.upstream_index_url, clients.static, clients.clock
    page_policy = RefreshPolicy(ttl, ttl, MAX_WAIT, wait, settings.cache_stale)
    cache = Cache(settings.cache_bytes, page_policy, clock)
    return Index(
        Pages(static, cache),
        Files(clients.packages, cache),
        RefreshingValue(
            layout.BLOCKED,
            lambda last: read_blocked(static, last),
            RefreshPolicy(age, age, MAX_WAIT, wait),
            clock,
        ),
        create_description(settings.build_description()),
        upstream=Upstream(url, settings.private_names, static) if url else None,
        signed_urls=SignedUrls(clients.sign, wait, clock) if clients.sign else None,
        max_length=settings.max_content_length,
    )


def _build_authenticator(settings: Settings, clients: Clients) -> Authenticator:
    interval = settings.tokens_refresh
    policy = RefreshPolicy(interval, 2 * interval, MAX_WAIT, FIRST_MAX_WAIT)
    tokens = RefreshingValue("tokens", clients.load_tokens, policy, clients.clock)
    return Authenticator(tokens, lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()
