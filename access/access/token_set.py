"""Set of the tokens and identities in one version of the secret."""

import asyncio
import hashlib
import hmac
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Self

from access.identities.identity_set import IdentitySet
from access.refresh import Clock
from cloud.errors import NotFound, Unreadable
from cloud.secrets import SecretVersion
from schemas.tokens import Token, TokenDocument, UnreadableTokens, hash_token

STALE_READ_PERIOD = 600.0
"""Seconds for which an older version than the last one counts as a stale read."""


class TokenSet:
    """Set of tokens by digest, with the identities of the same version."""

    def __init__(self, document: TokenDocument, number: int = 0, digest: bytes = b"") -> None:
        merged = document.merge(())  # of a repeated entry, the earlier expiry counts
        self._by_digest: Mapping[str, Token] = {token.sha256: token for token in merged.tokens}
        self.identities = IdentitySet(merged.identities)
        """Identities for ID tokens."""
        self.number, self._digest = number, digest
        """The number of the version, and the SHA-256 of its data."""

    @classmethod
    def read(cls, data: bytes, subject: str, number: int = 0) -> Self:
        """Return the tokens of a version of the secret.

        :param subject: the name of the version, for the error.
        :raises Unreadable: if ``data`` is not valid. The error does not quote ``data``.
        """
        try:
            return cls(TokenDocument.read(data), number, hashlib.sha256(data).digest())
        except UnreadableTokens as error:
            raise Unreadable(subject, str(error)) from None

    def is_of(self, data: bytes) -> bool:
        """Return whether the set was read from the same data."""
        return self._digest == hashlib.sha256(data).digest()

    def find(self, password: str, now: datetime) -> Token | None:
        """Return the token with the digest of ``password``; None if it is unknown or expired.

        Every password is hashed, so the duration reveals nothing about it. The checksum in a token
        is not used here; it is for secret scanners and people.
        """
        digest = hash_token(password)
        token = self._by_digest.get(digest)
        if token is None or not hmac.compare_digest(token.sha256, digest):
            return None
        return token if token.is_live(now) else None


LoadTokens = Callable[[TokenSet | None], Awaitable[TokenSet]]
"""Function that returns the current tokens. Its argument is the last good set, or None."""


def create_loader(latest: Callable[[], SecretVersion], clock: Clock) -> LoadTokens:
    """Return a loader of the tokens for a :class:`~access.refresh.RefreshingValue`.

    If the secret is deleted, the last tokens stay in force. If Secret Manager returns an older
    version, the last tokens stay in force for :data:`STALE_READ_PERIOD`. Such a read can be stale
    for some minutes, and a token in it can be revoked. After that time, the version is from a new
    secret. https://cloud.google.com/secret-manager/docs/consistency

    :param latest: function that returns the latest version. It blocks.
    """
    confirmed = -math.inf

    async def load(last: TokenSet | None) -> TokenSet:
        nonlocal confirmed
        try:
            version = await asyncio.to_thread(latest)
        except NotFound as error:
            raise Unreadable(error.subject, error.detail) from error
        if (
            last is not None
            and version.number < last.number
            and clock() - confirmed < STALE_READ_PERIOD
        ):
            raise Unreadable(
                version.name, f"older than version {last.number}, which this service has read"
            )
        if last is not None and version.number == last.number and last.is_of(version.data):
            tokens = last  # the cached results of its ID tokens stay valid
        else:
            tokens = TokenSet.read(version.data, version.name, version.number)
        confirmed = clock()
        return tokens

    return load
