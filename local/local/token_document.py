"""Document of token digests that the proxy reads from Secret Manager."""

from datetime import UTC, datetime

from local.errors import LocalError
from schemas.tokens import (
    EVERYTHING,
    READ,
    Token,
    TokenDocument,
    UnreadableTokens,
    hash_token,
)

NAME = "local"


def add_token(document: bytes | None, token: str) -> bytes | None:
    """Add ``token`` with the right to read all projects; return None if the document has it.

    :raises LocalError: if the document is of a newer gcpypi, or is no token document.
    """
    try:
        known = TokenDocument.read(document) if document else TokenDocument(tokens=())
    except UnreadableTokens as error:
        raise LocalError(
            f"the local secret of the tokens is not readable: {error}. To start again without it, "
            "remove secrets.json from the folder .local"
        ) from error
    digest = hash_token(token)
    if any(entry.sha256 == digest for entry in known.tokens):
        return None
    entry = Token(
        name=NAME,
        sha256=digest,
        scopes=(READ,),
        projects=(EVERYTHING,),
        created=datetime.now(UTC).replace(microsecond=0),
        expires=None,
    )
    return known.with_token(entry).encode()
