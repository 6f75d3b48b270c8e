"""The document of tokens that the proxy reads from Secret Manager: digests, never tokens."""

import hashlib
import json
import secrets
from datetime import UTC, datetime

PREFIX = "gcpypi_"
NAME = "local"


def new() -> str:
    """Make a token: 256 bits that nobody guesses, under a prefix that scanners can look for."""
    return PREFIX + secrets.token_urlsafe(32)


def with_token(document: bytes | None, token: str) -> bytes | None:
    """Return ``document`` with ``token`` let in to read everything; None if it is already."""
    tokens = json.loads(document)["tokens"] if document else []
    digest = hashlib.sha256(token.encode()).hexdigest()
    if any(entry["sha256"] == digest for entry in tokens):
        return None
    return json.dumps({"tokens": [*tokens, _entry(digest)]}, indent=1).encode()


def _entry(digest: str) -> dict[str, object]:
    return {
        "name": NAME,
        "sha256": digest,
        "scopes": ["read"],
        "projects": ["*"],
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "expires": None,
    }
