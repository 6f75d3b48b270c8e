"""Tokens: their format, and the document of their digests in Secret Manager.

A token is ``gcpypi_``, 256 random bits in base 62 (43 digits), and the CRC-32 of these 43 digits in
base 62 (6 digits). Secret scanners find it by ``gcpypi_[0-9A-Za-z]{49}`` and the checksum. The
checksum is not secret and grants no access; only the digest counts.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter, methodcaller
from typing import Self, TypeVar

from pydantic import ConfigDict, JsonValue, ValidationError

from schemas.holders import Holder
from schemas.holders.unknown_fields import join_values
from schemas.identities import IdentityKey, OidcIdentity
from schemas.types import SCHEMA_VERSION, Document, NewerSchemaVersion, Sha256

PREFIX = "gcpypi_"
AnyHolder = TypeVar("AnyHolder", bound=Holder)

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


class Token(Holder):
    """One token: name, digest, scope and lifetime. Unknown fields are kept."""

    sha256: Sha256
    """SHA-256 of the token's UTF-8 bytes."""


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
    """Content of a secret, as JSON. Unknown fields and lists are kept, for newer programs.

    The secrets for reading and for publishing have the same schema.
    """

    model_config = ConfigDict(extra="allow")

    tokens: tuple[Token, ...]
    """Tokens in any order. Without an entry, the document denies all access."""
    identities: tuple[OidcIdentity, ...] = ()
    """Identities of OpenID providers in any order; absent in documents of older programs."""

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

        Merges of tokens, identities and unknown lists are commutative and idempotent, so concurrent
        writers get the same result. Of another unknown field, the value in the last document
        counts.
        """
        documents = (self, *others)
        tokens = _join((t for each in documents for t in each.tokens), attrgetter("sha256"))
        identities = _join((i for each in documents for i in each.identities), attrgetter("key"))
        unknown: dict[str, JsonValue] = {}
        for document in documents:
            for name, value in (document.model_extra or {}).items():
                unknown[name] = join_values(unknown.get(name), value)
        return self.model_copy(update=unknown)._replace(tokens, identities)

    def with_token(self, token: Token) -> Self:
        """Return a copy of the document with one more token, unless the document has it."""
        return self.merge((type(self)(tokens=(token,)),))

    def with_identity(self, identity: OidcIdentity) -> Self:
        """Return a copy of the document with one more identity, unless the document has it."""
        return self.merge((type(self)(tokens=(), identities=(identity,)),))

    def revoke(self, digests: Iterable[str], now: datetime) -> Self:
        """Return a copy of the document in which these tokens are revoked."""
        revoked = frozenset(digests)
        tokens = tuple(t.revoke(now) if t.sha256 in revoked else t for t in self.tokens)
        return self._replace(tokens, self.identities)

    def revoke_identities(self, keys: Iterable[IdentityKey], now: datetime) -> Self:
        """Return a copy of the document in which these identities are revoked."""
        revoked = frozenset(keys)
        identities = tuple(i.revoke(now) if i.key in revoked else i for i in self.identities)
        return self._replace(self.tokens, identities)

    def drop_expired(self, time: datetime) -> Self:
        """Return a copy of the document without the entries that expired at or before ``time``."""
        return self._replace(
            tuple(token for token in self.tokens if token.is_live(time)),
            tuple(identity for identity in self.identities if identity.is_live(time)),
        )

    def _replace(self, tokens: tuple[Token, ...], identities: tuple[OidcIdentity, ...]) -> Self:
        """Return a copy with these entries. A document without identities gets no list of them."""
        has_list = bool(identities) or "identities" in self.model_fields_set
        lists = {"identities": identities} if has_list else {}
        return self.model_copy(update={"tokens": tokens, **lists})


def _join(
    entries: Iterable[AnyHolder], get_key: Callable[[AnyHolder], object]
) -> tuple[AnyHolder, ...]:
    """Return the entries without repetitions. Of two with one key, the lower rank counts."""
    found: dict[object, AnyHolder] = {}
    for entry in entries:
        key = get_key(entry)
        known = found.setdefault(key, entry)
        if known is not entry:
            found[key] = min(known, entry, key=methodcaller("rank"))
    return tuple(found.values())
