"""Tokens: what one looks like, and the document of their digests that the secret holds.

A token is ``gcpypi_``, 256 random bits in base 62 (43 digits) and a checksum (6 digits), so that
secret scanners tell one from other text: ``gcpypi_[0-9A-Za-z]{49}``, the last six being the CRC-32
of the 43 before. The checksum is no secret and opens nothing; only the digest decides.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationError

from schemas.names import ProjectName
from schemas.types import Document, Model, Sha256, UtcTime

PREFIX = "gcpypi_"
READ = "read"
EVERYTHING = "*"

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_BITS, _RANDOM_WIDTH, _CHECKSUM_WIDTH = 256, 43, 6
_TOKEN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_RANDOM_WIDTH}}})([0-9A-Za-z]{{{_CHECKSUM_WIDTH}}})")


def new_token() -> str:
    """Make a token that nobody guesses."""
    body = _base62(secrets.randbits(_RANDOM_BITS), _RANDOM_WIDTH)
    return f"{PREFIX}{body}{_checksum(body)}"


def is_token(text: str) -> bool:
    """Whether ``text`` can be a token: it is neither mistyped nor cut off."""
    match = _TOKEN.fullmatch(text)
    return match is not None and _checksum(match[1]) == match[2]


def digest_of(token: str) -> str:
    """What is kept of a token: the SHA-256 digest of its UTF-8 bytes."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_WIDTH)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def normalized_glob(glob: str) -> str:
    """A glob over normalised project names, whose own separators are normalised too."""
    return re.sub(r"[-_.]+", "-", glob).lower()


ProjectGlob = Annotated[str, AfterValidator(normalized_glob)]
"""A shell pattern over normalised project names: ``acme-*``."""


class Token(Model):
    """One token: who holds it, and what for."""

    name: str
    """Who holds it; this is what the access log says. Several tokens may bear one name."""
    sha256: Sha256
    """The digest of the token's UTF-8 bytes."""
    scopes: tuple[str, ...] = (READ,)
    """What it is for: ``read``."""
    projects: tuple[ProjectGlob, ...] = (EVERYTHING,)
    """The projects it is for, as globs over normalised names."""
    created: UtcTime
    """When it was made."""
    expires: UtcTime | None = None
    """From when on it is none any more; None: never. To revoke it is to say: now."""

    def is_live(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires

    def reads_everything(self) -> bool:
        """Whether every project is in its scope."""
        return READ in self.scopes and EVERYTHING in self.projects

    def reads(self, project: ProjectName) -> bool:
        """Whether ``project`` is in its scope."""
        return self.reads_everything() or (
            READ in self.scopes and any(fnmatchcase(project, glob) for glob in self.projects)
        )

    def ending(self, moment: datetime) -> Self:
        """The same token, that ends at ``moment`` if not before."""
        ends = moment if self.expires is None else min(moment, self.expires)
        return self.model_copy(update={"expires": ends})


class UnreadableTokens(ValueError):
    """The secret holds something else. What it holds is not quoted: it may be a token."""


class TokenDocument(Document):
    """What the secret holds, as JSON."""

    tokens: tuple[Token, ...]
    """In no particular order. None at all is a way to lock everybody out."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a version of the secret.

        :raises UnreadableTokens: if it is not this document.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            places = (f"{'.'.join(map(str, p['loc']))}: {p['type']}" for p in problems[:3])
            raise UnreadableTokens("; ".join(places)) from None

    def joined(self, others: Iterable[Self]) -> Self:
        """The tokens of all documents; where one ends at two times, the earlier counts.

        The order does not matter, nor does joining twice: so writers who overtook each other agree.
        """
        tokens: dict[str, Token] = {}
        for document in (self, *others):
            for token in document.tokens:
                known = tokens.get(token.sha256, token)
                tokens[token.sha256] = known.ending(token.expires) if token.expires else known
        return self.model_copy(update={"tokens": tuple(tokens.values())})

    def with_token(self, token: Token) -> Self:
        """The document with one token more."""
        return self.model_copy(update={"tokens": (*self.tokens, token)})

    def without(self, digests: Iterable[str], now: datetime) -> Self:
        """The document in which these tokens end now."""
        ended = frozenset(digests)
        tokens = tuple(t.ending(now) if t.sha256 in ended else t for t in self.tokens)
        return self.model_copy(update={"tokens": tokens})

    def since(self, moment: datetime) -> Self:
        """The document without the tokens that ended before ``moment``."""
        return self.model_copy(
            update={"tokens": tuple(t for t in self.tokens if t.is_live(moment))}
        )
