"""Holders of ID tokens: verification once, then memory."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from access.identities.id_tokens import IdTokenVerifier, get_time
from access.identities.identity_set import IdentitySet
from access.identities.issuer_keys import IssuerKeys
from schemas.identities import OidcIdentity

MAX_RESULTS = 1024
"""Number of ID tokens in memory; the oldest leaves first."""


@dataclass(frozen=True, slots=True)
class FoundIdentity:
    """Result of the verification of an ID token."""

    identity: OidcIdentity
    expires: float
    """Expiry of the ID token, in seconds since 1970."""


class IdTokenHolders:
    """Identities by ID token. Positive results stay in memory, by the digest of the ID token.

    A result is valid until the ID token expires, or until the secret has another version.
    """

    def __init__(
        self, verifier: IdTokenVerifier, keys: IssuerKeys, now: Callable[[], datetime]
    ) -> None:
        self._verifier, self._keys, self._now = verifier, keys, now
        self._results: OrderedDict[bytes, FoundIdentity] = OrderedDict()
        self._identities: IdentitySet | None = None

    async def find(self, token: str, identities: IdentitySet) -> OidcIdentity | None:
        """Return the identity of an ID token; None if none matches its claims.

        :param identities: the identities of the current version of the secret.
        :raises InvalidIdToken: if the ID token is not valid.
        :raises CloudError: if the keys of its issuer are not in memory and cannot be fetched.
        """
        self._use(identities)
        digest = hashlib.sha256(token.encode()).digest()
        result, now = self._results.get(digest), self._now()
        if result and now.timestamp() < result.expires and result.identity.is_live(now):
            return result.identity
        claims = await self._verifier.verify(token)
        identity = identities.find(claims, now)
        if identity is not None and self._identities is identities:
            self._remember(digest, FoundIdentity(identity, get_time(claims, "exp")))
        return identity

    def _use(self, identities: IdentitySet) -> None:
        if self._identities is not identities:
            self._results.clear()
            self._keys.keep(identities.issuers)
            self._identities = identities

    def _remember(self, digest: bytes, result: FoundIdentity) -> None:
        self._results[digest] = result
        if len(self._results) > MAX_RESULTS:
            self._results.popitem(last=False)
