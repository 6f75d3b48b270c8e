"""Exchange of an ID token for a minted token.

1. Verify the ID token, and find its identity in the current document.
2. Sign a token. It is not given to the client yet.
3. Claim the ``jti`` of the ID token, if it has one. The first claim wins.
4. Return the token.

A failure of IAM or of Cloud Storage so never uses up an ID token. If the answer is lost on its way
to the client, the ID token is used, as on the public index; the client requests another one.

The ID tokens of Google have no ``jti``: its metadata server repeats an ID token for up to an hour.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from access.errors import InvalidIdToken
from schemas.holders import PUBLISH
from schemas.identities import OidcIdentity
from upload.minting.minted_tokens import MintedToken, MintedTokens
from upload.minting.used_id_tokens import UsedIdTokens

Code = Literal[
    "invalid-payload", "invalid-token", "invalid-publisher", "invalid-reuse-token", "not-enabled"
]
"""Code of a refusal, as on the public index."""

_SHOWN = (
    *("iss", "sub", "repository", "repository_id", "repository_owner_id", "project_path"),
    *("project_id", "email", "ref", "environment", "job_workflow_ref"),
)
"""Claims in the description of a refusal, and in the log."""
_LONGEST_VALUE = 200


class ExchangeRefused(Exception):
    """Refusal of a request for a minted token.

    :param description: error and remedy, in one or two sentences.
    """

    def __init__(self, code: Code, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code, self.description = code, description


class Verifier(Protocol):
    """Verifier of ID tokens, for example :class:`access.identities.id_tokens.IdTokenVerifier`."""

    async def verify(self, token: str) -> Mapping[str, object]:
        """Return the verified claims of an ID token.

        :raises InvalidIdToken: if it is not valid.
        :raises CloudError: if the keys of its issuer are not known.
        """
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """Minted token, and the facts of its ID token for the log."""

    token: MintedToken
    identity: OidcIdentity
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """Exchange for the identities of the current document.

    :param list_identities: returns the identities; it raises ``CloudError`` if they are not known.
    :param is_service_user: returns whether an uploader may use this service (``UPLOADERS``).
    :param keep_issuers: permits the verifier to fetch the keys of these issuers only.
    """

    list_identities: Callable[[], Awaitable[Iterable[OidcIdentity]]]
    is_service_user: Callable[[str], bool]
    keep_issuers: Callable[[Collection[str]], None]
    verifier: Verifier
    minted: MintedTokens
    used: UsedIdTokens
    now: Callable[[], datetime]

    async def _list_publishing_identities(self) -> Sequence[OidcIdentity]:
        """Return the identities that can publish.

        :raises ExchangeRefused: if there are none.
        """
        now, identities = self.now(), await self.list_identities()
        found = [each for each in identities if self._can_publish(each, now)]
        self.keep_issuers({each.issuer for each in found})
        if not found:
            raise ExchangeRefused(
                "not-enabled",
                "this index has no identity that can publish: an owner adds one with gcpypi "
                "identity add --publish, or use a publishing token",
            )
        return found

    def _can_publish(self, identity: OidcIdentity, now: datetime) -> bool:
        return (
            identity.is_live(now)
            and PUBLISH in identity.scopes
            and identity.uploader is not None
            and self.is_service_user(identity.uploader)
        )

    async def exchange(self, id_token: str) -> Exchange:
        """Return a minted token for the identity of an ID token.

        :raises ExchangeRefused: if there is no identity, or if the ID token is invalid or used.
        :raises CloudError: if the issuer, IAM or Cloud Storage does not answer.
        """
        identities = await self._list_publishing_identities()
        try:
            claims = await self.verifier.verify(id_token)
        except InvalidIdToken as error:
            raise ExchangeRefused("invalid-token", f"{error}") from error
        facts, jti = describe_claims(claims), _read_jti(claims)
        identity = next((each for each in identities if each.matches(claims)), None)
        if identity is None:
            raise ExchangeRefused("invalid-publisher", _explain_no_identity(facts))
        token = await self.minted.mint(identity)
        if jti is not None:
            await self._claim(identity, jti)
        return Exchange(token, identity, facts)

    async def _claim(self, identity: OidcIdentity, jti: str) -> None:
        is_first = await asyncio.to_thread(
            self.used.claim, identity.issuer, jti, identity.name, self.now()
        )
        if not is_first:
            raise ExchangeRefused(
                "invalid-reuse-token",
                "this ID token was exchanged before, and is valid once: request another one. In "
                "GitHub Actions, repeat the command; in GitLab, start the job again",
            )


def describe_claims(claims: Mapping[str, object]) -> Mapping[str, str]:
    """Return the claims that identify a job, with bounded values."""
    return {
        name: str(value)[:_LONGEST_VALUE]
        for name in _SHOWN
        if isinstance(value := claims.get(name), str | int)
    }


def _read_jti(claims: Mapping[str, object]) -> str | None:
    jti = claims.get("jti")
    if jti is None or (isinstance(jti, str) and jti):
        return jti
    raise ExchangeRefused("invalid-token", "the claim jti of the ID token is not a text")


def _explain_no_identity(facts: Mapping[str, str]) -> str:
    found = ", ".join(f"{name}={value!r}" for name, value in facts.items())
    return (
        "no identity of this index has the claims of the ID token. An owner compares them with "
        f"gcpypi identity list --publish, or adds an identity. The claims are {found}"
    )
