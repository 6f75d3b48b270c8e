"""The document of tokens that the proxy reads from Secret Manager: digests, never tokens."""

from datetime import UTC, datetime

from schemas.tokens import Token, TokenDocument, digest_of, new_token

NAME = "local"


def new() -> str:
    """Make a token: 256 bits that nobody guesses, under a prefix that scanners can look for."""
    return new_token()


def with_token(document: bytes | None, token: str) -> bytes | None:
    """Return ``document`` with ``token`` let in to read everything; None if it is already."""
    known = TokenDocument.read(document) if document else TokenDocument(tokens=())
    digest = digest_of(token)
    if any(entry.sha256 == digest for entry in known.tokens):
        return None
    entry = Token(name=NAME, sha256=digest, created=datetime.now(UTC))
    return known.with_token(entry).encode()
