"""Minted tokens: JWTs (RFC 7519) of the service account for an identity, valid for 15 minutes.

Claims: ``iss`` and ``sub`` are the service account, ``aud`` is the upload URL, ``exp`` is the end,
``identity`` is the name of the identity, and ``entry`` is the digest of its entry. So a token does
not pass to another entry with the same name, which replaces a removed one.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from access.errors import InvalidIdToken
from access.identities.id_tokens import IdTokenVerifier, get_time
from access.identities.issuer_keys import IssuerKeys
from access.identities.json_web_keys import IssuerKeySet, parse_key_set
from access.refresh import Clock
from schemas.identities import OidcIdentity

LIFETIME = timedelta(minutes=15)
"""Lifetime of a minted token, as on the public index."""


class AccountSigner(Protocol):
    """Signer of a service account, such as :class:`cloud.rest.jwt_signing.JwtSigner`. It blocks."""

    @property
    def account(self) -> str:
        """E-mail address of the service account."""
        ...

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a JWT with these claims."""
        ...

    def read_keys(self) -> bytes:
        """Return the published keys of the service account, a JWK set (RFC 7517)."""
        ...


@dataclass(frozen=True, slots=True)
class MintedToken:
    """Minted token and its end."""

    value: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True, slots=True)
class EntryReference:
    """Reference to an entry of the document: its name, and a digest of its unchangeable fields."""

    identity: str
    entry: str

    @classmethod
    def from_identity(cls, identity: OidcIdentity) -> "EntryReference":
        """Return the reference to an identity."""
        claims = dict(sorted(identity.claims.items()))
        fields = [identity.name, identity.issuer, claims, identity.created.isoformat()]
        return cls(identity.name, hashlib.sha256(json.dumps(fields).encode()).hexdigest())


class MintedTokens:
    """Tokens of one service account for one upload URL.

    A token is an ID token of the service account, and is verified like one: with its published
    keys, which are fetched at most once a minute.

    :param audience: the upload URL.
    """

    def __init__(
        self, audience: str, signer: AccountSigner, now: Callable[[], datetime], clock: Clock
    ) -> None:
        self._audience, self._signer, self._now = audience, signer, now
        self._keys = IssuerKeys(self._fetch_keys, clock)
        self._verifier = IdTokenVerifier(audience, self._keys, now)

    async def mint(self, identity: OidcIdentity) -> MintedToken:
        """Return a new token for an identity.

        :raises CloudError: if IAM does not sign it.
        """
        return await asyncio.to_thread(self._mint, EntryReference.from_identity(identity))

    def _mint(self, entry: EntryReference) -> MintedToken:
        expires, account = self._now().replace(microsecond=0) + LIFETIME, self._signer.account
        claims = {
            "iss": account,
            "sub": account,
            "aud": self._audience,
            "exp": int(expires.timestamp()),
            "identity": entry.identity,
            "entry": entry.entry,
        }
        return MintedToken(self._signer.sign(claims), expires)

    async def verify(self, token: str) -> EntryReference:
        """Return the entry of a live token of this service.

        :raises InvalidIdToken: if it is another token, or an expired one.
        :raises CloudError: if the keys of the service account are not known.
        """
        account = await asyncio.to_thread(lambda: self._signer.account)
        self._keys.keep([account])
        claims = await self._verifier.verify(token)
        if get_time(claims, "exp") <= self._now().timestamp():  # without the skew of issuers
            raise InvalidIdToken("it has expired: a minted token is valid for 15 minutes")
        identity, entry = claims.get("identity"), claims.get("entry")
        if claims.get("sub") != account or not isinstance(identity, str):
            raise InvalidIdToken("it has not the claims of a minted token")
        return EntryReference(identity, str(entry))

    async def _fetch_keys(self, account: str) -> IssuerKeySet:
        data = await asyncio.to_thread(self._signer.read_keys)
        try:
            document: object = json.loads(data)
        except ValueError:
            document = None  # which has no key
        return parse_key_set(document, f"published keys of {account}")
