"""Token document: it has digests only, and adding a token twice changes nothing."""

import hashlib
import json

from local import token_document


def test_a_token_is_stored_as_its_digest() -> None:
    document = token_document.add_token(None, "gcpypi_x")

    assert document is not None
    (entry,) = json.loads(document)["tokens"]
    created = entry.pop("created")
    assert created.endswith("Z")
    assert entry == {
        "name": "local",
        "sha256": hashlib.sha256(b"gcpypi_x").hexdigest(),
        "scopes": ["read"],
        "projects": ["*"],
        "expires": None,
    }
    assert b"gcpypi_x" not in document


def test_an_existing_token_changes_nothing() -> None:
    document = token_document.add_token(None, "gcpypi_x")

    assert token_document.add_token(document, "gcpypi_x") is None


def test_a_further_token_keeps_the_others() -> None:
    first = token_document.add_token(None, "gcpypi_x")
    second = token_document.add_token(first, "gcpypi_y")

    assert first is not None
    assert second is not None
    assert json.loads(second)["tokens"][0] == json.loads(first)["tokens"][0]
    assert len(json.loads(second)["tokens"]) == 2
