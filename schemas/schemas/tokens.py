"""Tokens: their format, and the document of their digests in Secret Manager.

A token is ``gcpypi_``, 256 random bits in base 62 (43 digits), and the CRC-32 of these 43 digits in
base 62 (6 digits). Secret scanners find it by ``gcpypi_[0-9A-Za-z]{49}`` and the checksum. The
checksum is not secret and grants no access; only the digest counts.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, JsonValue, PlainSerializer, ValidationError

from schemas.names import ProjectName
from schemas.types import (
    SCHEMA_VERSION,
    Document,
    Model,
    NewerSchemaVersion,
    Sha256,
    UtcTime,
    format_time,
)
from schemas.unknown_fields import NEVER, join_values

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


TokenTime = Annotated[
    UtcTime,
    PlainSerializer(
        lambda time: format_time(time).replace(".000000Z", "Z"),
        return_type=str,
        when_used="json-unless-none",
    ),
]
"""Time in UTC; RFC 3339 with ``Z`` in JSON, without a fraction of zero."""


class Token(Model):
    """One token: name, digest, scope and lifetime. Unknown fields are kept."""

    model_config = ConfigDict(extra="allow")

    name: str
    """Name of the holder, as in the access log. Several tokens can have the same name."""
    sha256: Sha256
    """SHA-256 of the token's UTF-8 bytes."""
    scopes: tuple[str, ...] = (READ,)
    """Permissions of the token: ``read``."""
    projects: tuple[ProjectGlob, ...] = (EVERYTHING,)
    """Projects of the token, as globs over normalised names."""
    created: TokenTime
    """Creation time."""
    expires: TokenTime | None = None
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

    def revoke(self, now: datetime) -> Self:
        """Return a copy of the token that expires now, or earlier, and has no scope.

        It is shorter than any live entry of gcpypi, so a revocation needs no space. Without a scope
        the token reads nothing, also if the clock of the proxy is behind.
        """
        expires = now if self.expires is None else min(now, self.expires)
        return self.model_validate(
            {
                **(self.model_extra or {}),
                "name": self.name,
                "sha256": self.sha256,
                "scopes": (),
                "created": self.created,
                "expires": expires.replace(microsecond=0),
            }
        )


class UnreadableTokens(ValueError):
    """Secret that is not a token document. The message never quotes it: it can be a token."""


class NewerTokens(UnreadableTokens):
    """Token document of a newer schema."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"schema_version {version} is newer than {SCHEMA_VERSION}, the version of this "
            "program: use the gcpypi that wrote the document, or a newer one"
        )


class TokenDocument(Document):
    """Content of the secret, as JSON. Unknown fields and lists are kept, for newer programs."""

    model_config = ConfigDict(extra="allow")

    tokens: tuple[Token, ...]
    """Tokens in any order. An empty list denies all access."""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a version of the secret.

        :raises NewerTokens: if its ``schema_version`` is newer.
        :raises UnreadableTokens: if it is not a token document.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
            places = (f"{'.'.join(map(str, p['loc']))}: {p['type']}" for p in problems[:3])
            raise UnreadableTokens("; ".join(places)) from None
        except NewerSchemaVersion as error:
            raise NewerTokens(error.version) from None

    def encode(self) -> bytes:
        """Return the document as UTF-8 JSON, with the fields that were read or set."""
        document = self.model_copy(update={"schema_version": self.schema_version})
        return document.model_dump_json(by_alias=True, exclude_unset=True).encode()

    def merge(self, others: Sequence[Self]) -> Self:
        """Return a document with the entries of all documents; the earlier expiry counts.

        Merges of tokens and of unknown lists are commutative and idempotent, so concurrent writers
        get the same result. Of another unknown field, the value in the last document counts.
        """
        tokens: dict[str, Token] = {}
        for document in (self, *others):
            for token in document.tokens:
                known = tokens.setdefault(token.sha256, token)
                if known is not token:
                    tokens[token.sha256] = min(known, token, key=_rank)
        unknown: dict[str, JsonValue] = {}
        for document in (self, *others):
            for name, value in (document.model_extra or {}).items():
                unknown[name] = join_values(unknown.get(name), value)
        return self.model_copy(update={**unknown, "tokens": tuple(tokens.values())})

    def with_token(self, token: Token) -> Self:
        """Return a copy of the document with one more token, unless the document has it."""
        return self.merge((type(self)(tokens=(token,)),))

    def revoke(self, digests: Iterable[str], now: datetime) -> Self:
        """Return a copy of the document in which these tokens are revoked."""
        revoked = frozenset(digests)
        tokens = tuple(t.revoke(now) if t.sha256 in revoked else t for t in self.tokens)
        return self.model_copy(update={"tokens": tokens})

    def drop_expired(self, time: datetime) -> Self:
        """Return a copy of the document without the tokens that expired at or before ``time``."""
        return self.model_copy(update={"tokens": tuple(t for t in self.tokens if t.is_live(time))})


def _rank(token: Token) -> tuple[datetime, int, str]:
    """Return a key for which the entry with the earlier expiry, or without a scope, is first."""
    return token.expires or NEVER, len(token.scopes), token.model_dump_json()
