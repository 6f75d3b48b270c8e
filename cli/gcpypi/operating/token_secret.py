"""The secrets with tokens and identities, and the log with the last uses of tokens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from access.errors import TokenStoreError
from access.identity_store import IdentityStore
from access.last_use import LastUses, find_last_uses
from access.token_store import TokenStore
from cloud import log_entries, secrets
from cloud.errors import CloudError, NotFound, PermissionDenied, Unreadable
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from schemas.tokens import Token

_REMEDIES: Mapping[type[CloudError], str] = {
    PermissionDenied: "your account needs roles/secretmanager.secretAccessor and "
    "roles/secretmanager.secretVersionAdder on the secret, which operators have for reading, and "
    "owners for publishing",
    Unreadable: "enable the version, or add the last good version again: gcloud secrets versions "
    "enable, access, add. An older version can accept revoked tokens",
}


@contextmanager
def open_token_store(connection: IndexConnection, *, publish: bool = False) -> Iterator[TokenStore]:
    """Provide the tokens of an index, and raise their errors as :class:`CommandFailure`.

    :param publish: the tokens for publishing, in place of those for reading.
    """
    with _explain_errors(publish=publish):
        yield TokenStore(open_secret(connection, publish=publish), _read_time)


@contextmanager
def open_identity_store(connection: IndexConnection, *, publish: bool) -> Iterator[IdentityStore]:
    """Provide the identities of an index, and raise their errors as :class:`CommandFailure`.

    :param publish: the identities for publishing, in place of those for reading.
    """
    with _explain_errors(publish=publish):
        yield IdentityStore(open_secret(connection, publish=publish), _read_time)


def create_token_store(connection: IndexConnection) -> TokenStore:
    """Return the tokens for reading an index.

    :raises Unavailable: if there are no credentials of Google Cloud.
    """
    return TokenStore(open_secret(connection, publish=False), _read_time)


def open_secret(connection: IndexConnection, *, publish: bool) -> secrets.Secret:
    """Return the secret for reading, or the one for publishing.

    :raises Unavailable: if there are no credentials of Google Cloud.
    """
    project = connection.gcp_project
    name = connection.settings.uploaders_secret if publish else connection.tokens_secret
    host = connection.settings.secret_manager_emulator_host
    return secrets.Secret(secrets.connect(host, quota_project=project), project, name)


@contextmanager
def _explain_errors(*, publish: bool) -> Iterator[None]:
    setting = "GCPYPI_UPLOADERS_SECRET" if publish else "GCPYPI_TOKENS_SECRET"
    missing = f"check GCPYPI_GCP_PROJECT and {setting}, and install gcpypi first"
    with explain_cloud_errors({**_REMEDIES, NotFound: missing}):
        try:
            yield
        except TokenStoreError as error:
            raise CommandFailure(str(error), ExitCode.REFUSED) from error


def _read_time() -> datetime:
    return datetime.now(UTC)


def find_uses(
    connection: IndexConnection, tokens: Sequence[Token], *, publish: bool = False
) -> LastUses:
    """Return the last use of each token. Never fail: describe the problem instead."""
    if publish:
        return LastUses({}, "the log of the upload service is not searched")
    if connection.settings.secret_manager_emulator_host:
        return LastUses({}, "the local index does not use Cloud Logging")
    try:
        log = log_entries.connect(connection.gcp_project)
    except CloudError as error:
        return LastUses({}, str(error))
    return find_last_uses(log, {token.name for token in tokens}, datetime.now(UTC))
