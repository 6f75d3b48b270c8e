"""Documents of token digests that the proxy and the upload service read from Secret Manager."""

from datetime import UTC, datetime

from local.errors import LocalError
from schemas.holders import EVERYTHING, PUBLISH, READ
from schemas.tokens import (
    Token,
    TokenDocument,
    UnreadableTokens,
    hash_token,
)

NAME = "local"


def add_token(document: bytes | None, token: str, uploader: str | None = None) -> bytes | None:
    """Add ``token`` with the right to read all projects; return None if the document has it.

    :param uploader: gives the right to publish all projects as this uploader in place of reading.
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
    if uploader is not None:
        entry = entry.model_copy(update={"scopes": (PUBLISH,), "uploader": uploader})
    return known.with_token(entry).encode()
