"""Token store in a secret: create, list and revoke tokens, also by concurrent writers.

Secret Manager has no conditional write, but it numbers the versions. A writer reads a version and
adds the next one. If the number of the new version is higher than expected, other writers were
faster. The writer then merges their documents into its own and adds the result. Documents can be
merged in any order, because writers only add tokens or make them expire earlier.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from cloud.errors import NotFound
from cloud.secrets import MAX_SIZE, SecretVersion
from schemas.tokens import (
    EVERYTHING,
    PREFIX,
    READ,
    Token,
    TokenDocument,
    UnreadableTokens,
    generate_token,
    hash_token,
    is_token,
)

RETENTION = timedelta(days=1)
"""Time an expired token stays in the document. No writer uses a document for so long."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


class TokenStoreError(Exception):
    """Request that cannot be executed. The message explains the reason to the operator."""


class Versions(Protocol):
    """Versions of a secret. :class:`cloud.secrets.Secret` implements it."""

    def access_latest(self) -> SecretVersion:
        """Return the newest version.

        :raises NotFound: if there is none.
        """
        ...

    def access_version(self, number: int) -> SecretVersion:
        """Return a version by its number."""
        ...

    def add(self, data: bytes) -> int:
        """Add a version and return its number."""
        ...


class TokenStore:
    """Tokens in one secret. Every method can raise :class:`~cloud.errors.CloudError`.

    :param now: the clock, in UTC.
    """

    def __init__(self, secret: Versions, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret, now

    def list_tokens(self) -> Sequence[Token]:
        """Return all live tokens and those that ended within the last day."""
        return self._read()[1].tokens

    def create(
        self,
        name: str,
        *,
        projects: Sequence[str] = (EVERYTHING,),
        scopes: Sequence[str] = (READ,),
        expires_in: timedelta | None = None,
    ) -> str:
        """Create a token and return it. Only its digest is stored.

        Other tokens of the same name stay live, so a token can be replaced before it ends.

        :raises TokenStoreError: if the name is invalid, or the secret is full.
        """
        if not _NAME.fullmatch(name):
            raise TokenStoreError(
                f"invalid name {name!r}: use 1 to 64 letters, digits or ._@-, and start with "
                "a letter or a digit"
            )
        token, now = generate_token(), self._now()
        entry = Token(
            name=name,
            sha256=hash_token(token),
            scopes=tuple(scopes),
            projects=tuple(projects),
            created=now,
            expires=None if expires_in is None else now + expires_in,
        )
        self._change(lambda document: document.with_token(entry))
        return token

    def revoke(self, selector: str) -> Sequence[Token]:
        """Revoke live tokens and return them.

        :param selector: a name, for all tokens of that name; or at least the first eight digits of
            a digest; or the token itself.
        :raises TokenStoreError: if no live token matches, or if a digest matches several.
        """
        live = [token for token in self.list_tokens() if token.is_live(self._now())]
        ended = _select(live, selector)
        digests = [token.sha256 for token in ended]
        self._change(lambda document: document.revoke(digests, self._now()))
        return ended

    def _change(self, change: Callable[[TokenDocument], TokenDocument]) -> None:
        number, document = self._read()
        document = change(document)
        while (added := self._secret.add(self._encode(document))) != number + 1:
            between = range(number + 1, added)
            others = [_parse(self._secret.access_version(other)) for other in between]
            number, document = added, document.merge(others)

    def _read(self) -> tuple[int, TokenDocument]:
        try:
            version = self._secret.access_latest()
        except NotFound:  # no version yet. If the secret is missing too, ``add`` fails
            return 0, TokenDocument(tokens=())
        return version.number, _parse(version)

    def _encode(self, document: TokenDocument) -> bytes:
        data = document.drop_expired(self._now() - RETENTION).encode()
        if len(data) > MAX_SIZE:
            raise TokenStoreError(
                f"the secret is full: {len(document.tokens)} tokens need {len(data)} bytes, the "
                f"limit is {MAX_SIZE}; revoke some tokens and try again after a day"
            )
        return data


def _parse(version: SecretVersion) -> TokenDocument:
    try:
        return TokenDocument.read(version.data)
    except UnreadableTokens as error:
        raise TokenStoreError(f"{version.name} is not a token document: {error}") from error


def _select(live: Sequence[Token], selector: str) -> Sequence[Token]:
    if selector.startswith(PREFIX):
        if not is_token(selector):
            raise TokenStoreError(
                "the token is mistyped or incomplete: its checksum does not match"
            )
        selector = hash_token(selector)
    if named := [token for token in live if token.name == selector]:
        return named
    is_digest = _DIGEST.fullmatch(selector) is not None
    found = [token for token in live if is_digest and token.sha256.startswith(selector)]
    if len(found) != 1:
        raise TokenStoreError(f"{len(found) or 'no'} live tokens match {selector!r}")
    return found
