"""The document of tokens holds digests, and letting a token in twice changes nothing."""

import hashlib
import json

from local import tokens


def test_a_token_is_let_in_by_its_digest() -> None:
    document = tokens.with_token(None, "gcpypi_x")

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


def test_a_token_that_is_in_already_changes_nothing() -> None:
    document = tokens.with_token(None, "gcpypi_x")

    assert tokens.with_token(document, "gcpypi_x") is None


def test_a_further_token_leaves_the_others_in() -> None:
    first = tokens.with_token(None, "gcpypi_x")
    second = tokens.with_token(first, "gcpypi_y")

    assert first is not None
    assert second is not None
    assert json.loads(second)["tokens"][0] == json.loads(first)["tokens"][0]
    assert len(json.loads(second)["tokens"]) == 2


def test_new_tokens_differ_and_carry_the_prefix() -> None:
    made = {tokens.new() for _ in range(3)}

    assert len(made) == 3
    assert all(token.startswith("gcpypi_") and len(token) >= 40 for token in made)
