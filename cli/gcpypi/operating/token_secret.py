"""The secret with the digests of the tokens, and the log with their last uses."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from access.errors import TokenStoreError
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
    "roles/secretmanager.secretVersionAdder on the secret, which operators have",
    NotFound: "check GCPYPI_GCP_PROJECT and GCPYPI_TOKENS_SECRET, and install gcpypi first",
    Unreadable: "enable the version, or add the last good version again: gcloud secrets versions "
    "enable, access, add. An older version can accept revoked tokens",
}


@contextmanager
def open_token_store(connection: IndexConnection) -> Iterator[TokenStore]:
    """Provide the tokens of an index, and raise their errors as :class:`CommandFailure`."""
    with explain_cloud_errors(_REMEDIES):
        try:
            yield create_token_store(connection)
        except TokenStoreError as error:
            raise CommandFailure(str(error), ExitCode.REFUSED) from error


def create_token_store(connection: IndexConnection) -> TokenStore:
    """Return the tokens of an index.

    :raises Unavailable: if there are no credentials of Google Cloud.
    """
    project, name = connection.gcp_project, connection.tokens_secret
    host = connection.settings.secret_manager_emulator_host
    secret = secrets.Secret(secrets.connect(host, quota_project=project), project, name)
    return TokenStore(secret, lambda: datetime.now(UTC))


def find_uses(connection: IndexConnection, tokens: Sequence[Token]) -> LastUses:
    """Return the last use of each token. Never fail: describe the problem instead."""
    if connection.settings.secret_manager_emulator_host:
        return LastUses({}, "the local index does not use Cloud Logging")
    try:
        log = log_entries.connect(connection.gcp_project)
    except CloudError as error:
        return LastUses({}, str(error))
    return find_last_uses(log, {token.name for token in tokens}, datetime.now(UTC))
