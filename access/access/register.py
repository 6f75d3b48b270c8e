"""Makes, lists and revokes the tokens of a secret, whoever else does so at the same time.

Secret Manager has no conditional write, but numbers the versions. A writer reads one, adds the
next, and if it got a higher number than that, somebody wrote in between: it joins what they wrote
with its own and adds that. Documents can be joined in any order, as tokens only ever come and end.
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
    digest_of,
    is_token,
    new_token,
)

REMEMBERED = timedelta(days=1)
"""How long an ended token stays in the document: longer than any writer holds an older one."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


class Refused(Exception):
    """What was asked for cannot be done; the message says why, to a person."""


class Versions(Protocol):
    """What is needed of a secret: see :class:`cloud.secrets.Secret`."""

    def latest(self) -> SecretVersion:
        """The version added last; ``NotFound`` if there is none."""
        ...

    def version(self, number: int) -> SecretVersion:
        """A version by its number."""
        ...

    def add(self, data: bytes) -> int:
        """Add a version and return its number."""
        ...


class TokenRegister:
    """The tokens of one secret. Every method may raise :class:`~cloud.errors.CloudError`.

    :param now: tells the time.
    """

    def __init__(self, secret: Versions, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret, now

    def tokens(self) -> Sequence[Token]:
        """Every token that is live, or has ended within a day."""
        return self._read()[1].tokens

    def create(
        self,
        name: str,
        *,
        projects: Sequence[str] = (EVERYTHING,),
        scopes: Sequence[str] = (READ,),
        expires_in: timedelta | None = None,
    ) -> str:
        """Make a token and return it, for the only time: what is stored is its digest.

        Others of that name stay as they are, so that one can be replaced while it still works.

        :raises Refused: if the name is none, or the secret is full.
        """
        if not _NAME.fullmatch(name):
            raise Refused(f"{name!r} is no name: letters, digits and ._@- make one, 64 at most")
        token, now = new_token(), self._now()
        entry = Token(
            name=name,
            sha256=digest_of(token),
            scopes=tuple(scopes),
            projects=tuple(projects),
            created=now,
            expires=None if expires_in is None else now + expires_in,
        )
        self._change(lambda document: document.with_token(entry))
        return token

    def revoke(self, which: str) -> Sequence[Token]:
        """End tokens now; return them.

        :param which: a name, for all of that name; the first digits of a digest, at least eight;
            or a token itself.
        :raises Refused: if that is no live token, or more than one by digest.
        """
        live = [token for token in self.tokens() if token.is_live(self._now())]
        ended = _select(live, which)
        digests = [token.sha256 for token in ended]
        self._change(lambda document: document.without(digests, self._now()))
        return ended

    def _change(self, change: Callable[[TokenDocument], TokenDocument]) -> None:
        number, document = self._read()
        document = change(document)
        while (added := self._secret.add(self._encoded(document))) != number + 1:
            between = range(number + 1, added)
            others = [_parsed(self._secret.version(other)) for other in between]
            number, document = added, document.joined(others)

    def _read(self) -> tuple[int, TokenDocument]:
        try:
            version = self._secret.latest()
        except NotFound:  # no version yet; where there is no secret, adding one fails
            return 0, TokenDocument(tokens=())
        return version.number, _parsed(version)

    def _encoded(self, document: TokenDocument) -> bytes:
        data = document.since(self._now() - REMEMBERED).encode()
        if len(data) > MAX_SIZE:
            raise Refused(
                f"the secret is full: {len(document.tokens)} tokens take {len(data)} bytes, and "
                f"{MAX_SIZE} are allowed; revoke some, they go a day later"
            )
        return data


def _parsed(version: SecretVersion) -> TokenDocument:
    try:
        return TokenDocument.read(version.data)
    except UnreadableTokens as error:
        raise Refused(f"{version.name} holds no document of tokens: {error}") from error


def _select(live: Sequence[Token], which: str) -> Sequence[Token]:
    if which.startswith(PREFIX):
        if not is_token(which):
            raise Refused("that token is mistyped or cut off: its checksum does not fit")
        which = digest_of(which)
    if named := [token for token in live if token.name == which]:
        return named
    found = [token for token in live if token.sha256.startswith(which) and _DIGEST.fullmatch(which)]
    if len(found) != 1:
        raise Refused(f"{len(found) or 'no'} live tokens go by {which!r}")
    return found
