"""Composition root of the proxy: ``python -m proxy.main``."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.routing import Router

from access.authentication import Authenticator
from access.identities.id_token_holders import IdTokenHolders
from access.identities.id_tokens import IdTokenVerifier
from access.identities.issuer_keys import FetchKeys, IssuerKeys
from access.identities.key_fetch import KeyFetcher
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
from proxy.memory import reuse_memory
from proxy.pages.page_handlers import PageHandlers
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
    fetch_keys: FetchKeys | None = None
    """Client of the issuers of ID tokens; None: no ID tokens are accepted."""
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
    is_redirecting, fetcher = settings.downloads == "redirect", KeyFetcher()

    async def close() -> None:
        await storage.close()
        await fetcher.close()

    return Clients(
        static=StorageReader(storage, settings.static_bucket),
        packages=StorageReader(storage, settings.packages_bucket),
        load_tokens=create_loader(secret.access_latest, time.monotonic),
        close=close,
        fetch_keys=fetcher.fetch,
        sign=UrlSigner(settings.packages_bucket, VALIDITY).sign if is_redirecting else None,
    )


def build_app(settings: Settings, clients: Clients) -> Router:
    """Create the application with its clients."""
    age, wait = settings.cache_ttl, settings.storage_timeout
    policy = RefreshPolicy(age, age, MAX_WAIT, wait, settings.cache_stale)
    cache = Cache(settings.cache_bytes, policy, clients.clock)
    pages = Pages(clients.static, cache)
    return create_app(
        _build_index(settings, clients, pages, cache),
        PageHandlers(pages, remote_images=settings.readme_images),
        _build_authenticator(settings, clients),
        gcp_project=settings.gcp_project,
        close=clients.close,
        cors_origins=settings.cors_origins,
        upload_url=settings.upload_url,
    )


def _build_index(settings: Settings, clients: Clients, pages: Pages, cache: Cache) -> Index:
    age, wait = settings.blocked_refresh, settings.storage_timeout
    url, static, clock = settings.upstream_index_url, clients.static, clients.clock
    return Index(
        pages,
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
    return Authenticator(tokens, _read_time, _build_id_tokens(settings, clients))


def _build_id_tokens(settings: Settings, clients: Clients) -> IdTokenHolders | None:
    """Return the holders of ID tokens; None without an audience."""
    if settings.index_url is None or clients.fetch_keys is None:
        return None
    keys = IssuerKeys(clients.fetch_keys, clients.clock)
    verifier = IdTokenVerifier(settings.index_url, keys, _read_time)
    return IdTokenHolders(verifier, keys, _read_time)


def _read_time() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
