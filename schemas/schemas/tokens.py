"""Tokens: their format, and the document of their digests in Secret Manager.

A token is ``gcpypi_``, 256 random bits in base 62 (43 digits), and the CRC-32 of these 43 digits in
base 62 (6 digits). Secret scanners find it by ``gcpypi_[0-9A-Za-z]{49}`` and the checksum. The
checksum is not secret and grants no access; only the digest counts.
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


def generate_token() -> str:
    """Generate a random token."""
    body = _encode_base62(secrets.randbits(_RANDOM_BITS), _RANDOM_WIDTH)
    return f"{PREFIX}{body}{_compute_checksum(body)}"


def is_token(text: str) -> bool:
    """Return whether ``text`` has the format and the checksum of a token."""
    match = _TOKEN.fullmatch(text)
    return match is not None and _compute_checksum(match[1]) == match[2]


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token's UTF-8 bytes, the only form in which it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def _compute_checksum(body: str) -> str:
    return _encode_base62(zlib.crc32(body.encode()), _CHECKSUM_WIDTH)


def _encode_base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits


def normalize_glob(glob: str) -> str:
    """Normalise a glob over project names: lower case, and ``-`` as the only separator."""
    return re.sub(r"[-_.]+", "-", glob).lower()


ProjectGlob = Annotated[str, AfterValidator(normalize_glob)]
"""Shell pattern over normalised project names: ``acme-*``."""


class Token(Model):
    """One token: name, digest, scope and lifetime."""

    name: str
    """Name of the holder, as in the access log. Several tokens can have the same name."""
    sha256: Sha256
    """SHA-256 of the token's UTF-8 bytes."""
    scopes: tuple[str, ...] = (READ,)
    """Permissions of the token: ``read``."""
    projects: tuple[ProjectGlob, ...] = (EVERYTHING,)
    """Projects of the token, as globs over normalised names."""
    created: UtcTime
    """Creation time."""
    expires: UtcTime | None = None
    """Time from which the token is invalid, or None. To revoke a token, set it to now."""

    def is_live(self, now: datetime) -> bool:
        """Return whether the token has not expired."""
        return self.expires is None or now < self.expires

    def can_read_everything(self) -> bool:
        """Return whether every project is in the scope of the token."""
        return READ in self.scopes and EVERYTHING in self.projects

    def can_read(self, project: ProjectName) -> bool:
        """Return whether ``project`` is in the scope of the token."""
        return self.can_read_everything() or (
            READ in self.scopes and any(fnmatchcase(project, glob) for glob in self.projects)
        )

    def end_at(self, time: datetime) -> Self:
        """Return a copy of the token that expires at ``time`` or earlier."""
        expires = time if self.expires is None else min(time, self.expires)
        return self.model_copy(update={"expires": expires})


class UnreadableTokens(ValueError):
    """Secret that is not a token document. The message never quotes it: it can be a token."""


class TokenDocument(Document):
    """Content of the secret, as JSON."""

    tokens: tuple[Token, ...]
    """Tokens in any order. An empty list denies all access."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a version of the secret.

        :raises UnreadableTokens: if it is not a token document.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            places = (f"{'.'.join(map(str, p['loc']))}: {p['type']}" for p in problems[:3])
            raise UnreadableTokens("; ".join(places)) from None

    def merge(self, others: Iterable[Self]) -> Self:
        """Return a document with the tokens of all documents; the earlier expiry counts.

        Merges are commutative and idempotent, so concurrent writers get the same result.
        """
        tokens: dict[str, Token] = {}
        for document in (self, *others):
            for token in document.tokens:
                known = tokens.get(token.sha256, token)
                tokens[token.sha256] = known.end_at(token.expires) if token.expires else known
        return self.model_copy(update={"tokens": tuple(tokens.values())})

    def with_token(self, token: Token) -> Self:
        """Return a copy of the document with one more token."""
        return self.model_copy(update={"tokens": (*self.tokens, token)})

    def revoke(self, digests: Iterable[str], now: datetime) -> Self:
        """Return a copy of the document in which these tokens expire now."""
        revoked = frozenset(digests)
        tokens = tuple(t.end_at(now) if t.sha256 in revoked else t for t in self.tokens)
        return self.model_copy(update={"tokens": tokens})

    def drop_expired(self, time: datetime) -> Self:
        """Return a copy of the document without the tokens that expired at or before ``time``."""
        return self.model_copy(update={"tokens": tuple(t for t in self.tokens if t.is_live(time))})
