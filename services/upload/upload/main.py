"""Composition root of the upload service: ``python -m upload.main``."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from anyio import CapacityLimiter
from starlette.routing import Router

from access.authentication import Authenticator
from access.identities.id_tokens import IdTokenVerifier
from access.identities.issuer_keys import FetchKeys, IssuerKeys
from access.identities.key_fetch import KeyFetcher
from access.refresh import Clock, RefreshingValue, RefreshPolicy
from access.token_set import LoadTokens, TokenSet, create_loader
from chassis import logs
from chassis.settings import load_settings, log_settings
from checks.command_rights import CommandRights
from cloud import secrets, signing, storage
from cloud.json_requests.resumable import ResumableBucket, UploadingBucket
from cloud.ports import Bucket
from cloud.rest import jwt_signing
from cloud.secrets import Secret
from cloud.signing import UrlSigner, connect_signer
from cloud.storage import StorageBucket
from schemas.identities import OidcIdentity
from upload.app import Protocols, create_app
from upload.commands.command_intake import CommandIntake
from upload.direct.direct_files import DirectFiles
from upload.direct.direct_handler import URL_VALIDITY, DirectPublication, PutSigner
from upload.granian_server import serve_h2c
from upload.legacy.legacy_handler import LegacyUploads
from upload.legacy.reception import Storage
from upload.minting.mint_routes import MintEndpoints
from upload.minting.minted_tokens import AccountSigner, MintedTokens
from upload.minting.publishing_authentication import ListIdentities, PublishingAuthenticator
from upload.minting.token_exchange import TokenExchange
from upload.minting.used_id_tokens import UsedIdTokens
from upload.publication_wait import PublicationWait
from upload.settings import Settings
from upload.shutdown import ShutdownLimit

MAX_WAIT = 1.0
"""Seconds a request waits for new tokens if there are older ones."""
FIRST_MAX_WAIT = 5.0
"""Seconds a request waits for the first tokens: the maximum duration of one attempt."""


def main() -> None:
    """Read the settings, create the clients and the application, and serve until SIGTERM."""
    settings = load_settings(Settings)
    logs.configure(settings.log_level)
    log_settings(settings)
    shutdown = ShutdownLimit()
    serve_h2c(build_app(settings, connect(settings), shutdown), settings, shutdown.start)


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients of Google Cloud, and the clocks."""

    incoming: UploadingBucket
    packages: Bucket
    verdicts: Bucket
    static: Bucket
    signer: AccountSigner
    fetch_keys: FetchKeys
    load_tokens: LoadTokens
    url_signer: PutSigner
    close: Callable[[], Awaitable[None]]
    now: Callable[[], datetime]
    clock: Clock = time.monotonic


def connect(settings: Settings) -> Clients:
    """Create the clients, without a request to Google Cloud."""
    secret_manager = secrets.connect(settings.secret_manager_emulator_host or None)
    secret = Secret(secret_manager, settings.gcp_project, settings.uploaders_secret)

    client, issuers = storage.connect(settings.gcp_project), KeyFetcher()

    async def close() -> None:
        client.close()
        await issuers.close()

    return Clients(
        incoming=ResumableBucket(client, settings.incoming_bucket),
        packages=StorageBucket(client, settings.packages_bucket),
        verdicts=StorageBucket(client, settings.verdicts_bucket),
        static=StorageBucket(client, settings.static_bucket),
        signer=jwt_signing.connect(settings.signer_emulator_host),
        fetch_keys=issuers.fetch,
        load_tokens=create_loader(secret.access_latest, time.monotonic),
        close=close,
        now=partial(datetime.now, UTC),
        url_signer=_connect_url_signer(settings),
    )


def _connect_url_signer(settings: Settings) -> PutSigner:
    origin = (settings.signed_put_emulator_host or signing.ORIGIN).rstrip("/")
    if not settings.signer_emulator_host:
        return UrlSigner(settings.incoming_bucket, URL_VALIDITY, origin=origin)
    return connect_signer(
        settings.incoming_bucket,
        URL_VALIDITY,
        settings.signer_emulator_host,
        jwt_signing.LOCAL_ACCOUNT,
        origin,
    )


def build_app(
    settings: Settings, clients: Clients, shutdown: ShutdownLimit | None = None
) -> Router:
    """Create the application with its clients.

    :param shutdown: limit of the waits of requests during a shutdown; None: no shutdown is known.
    """
    tokens = _create_tokens(settings, clients)
    publication = PublicationWait(clients.verdicts, clients.static, shutdown or ShutdownLimit())
    minted = MintedTokens(settings.upload_url, clients.signer, clients.now, clients.clock)

    async def list_identities() -> Iterable[OidcIdentity]:
        return (await tokens.get())[0].identities

    authenticator = PublishingAuthenticator(
        Authenticator(tokens, clients.now), minted, list_identities, clients.now
    )
    exchange = _build_exchange(settings, clients, minted, list_identities)
    protocols = Protocols(
        _build_legacy(settings, clients, publication),
        _build_direct(settings, clients, publication),
        MintEndpoints(settings.upload_url, exchange),
        CommandIntake(
            clients.incoming, clients.verdicts, CommandRights(settings.uploaders), clients.now
        ),
    )
    return create_app(settings, authenticator, protocols, close=clients.close)


def _build_exchange(
    settings: Settings, clients: Clients, minted: MintedTokens, list_identities: ListIdentities
) -> TokenExchange:
    keys = IssuerKeys(clients.fetch_keys, clients.clock)
    return TokenExchange(
        list_identities,
        settings.is_service_user,
        keys.keep,
        IdTokenVerifier(settings.upload_url, keys, clients.now),
        minted,
        UsedIdTokens(clients.verdicts),
        clients.now,
    )


def _build_legacy(
    settings: Settings, clients: Clients, publication: PublicationWait
) -> LegacyUploads:
    concurrency = settings.upload_concurrency
    return LegacyUploads(
        storage=Storage(
            incoming=clients.incoming,
            packages=clients.packages,
            checks=CapacityLimiter(concurrency),
            requests=CapacityLimiter(concurrency),
        ),
        publication=publication,
        policy=settings.build_policy(),
        index_url=settings.index_url,
        timeout=settings.listing_timeout,
        places=asyncio.Semaphore(concurrency),
        now=clients.now,
    )


def _build_direct(
    settings: Settings, clients: Clients, publication: PublicationWait
) -> DirectPublication:
    return DirectPublication(
        DirectFiles(clients.incoming, clients.packages, publication),
        clients.url_signer,
        settings.build_policy(),
        settings.listing_timeout,
    )


def _create_tokens(settings: Settings, clients: Clients) -> RefreshingValue[TokenSet]:
    interval = settings.tokens_refresh
    policy = RefreshPolicy(interval, 2 * interval, MAX_WAIT, FIRST_MAX_WAIT)
    return RefreshingValue("publishing tokens", clients.load_tokens, policy, clients.clock)


if __name__ == "__main__":
    main()
