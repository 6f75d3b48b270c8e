"""Token document: it has digests only, and adding a token twice changes nothing."""

import hashlib
import json

import pytest

from local import token_document
from local.errors import LocalError


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


def test_a_publishing_token_names_its_uploader_and_cannot_read() -> None:
    document = token_document.add_token(None, "gcpypi_x", "dev")

    assert document is not None
    (entry,) = json.loads(document)["tokens"]
    assert (entry["uploader"], entry["scopes"]) == ("dev", ["publish"])


def test_an_existing_token_changes_nothing() -> None:
    document = token_document.add_token(None, "gcpypi_x")

    assert token_document.add_token(document, "gcpypi_x") is None


@pytest.mark.parametrize("document", [b'{"schema_version":2}', b"gcpypi_x"])
def test_a_document_that_is_not_readable_is_not_replaced(document: bytes) -> None:
    with pytest.raises(LocalError, match=r"not readable: .*remove secrets\.json") as raised:
        token_document.add_token(document, "gcpypi_y")
    assert "gcpypi" not in str(raised.value).replace("the gcpypi that wrote", "")


def test_unknown_fields_stay() -> None:
    document = token_document.add_token(b'{"tokens":[],"devices":[{"name":"ci"}]}', "gcpypi_x")

    assert document is not None
    assert json.loads(document)["devices"] == [{"name": "ci"}]


def test_a_further_token_keeps_the_others() -> None:
    first = token_document.add_token(None, "gcpypi_x")
    second = token_document.add_token(first, "gcpypi_y")

    assert first is not None
    assert second is not None
    assert json.loads(second)["tokens"][0] == json.loads(first)["tokens"][0]
    assert len(json.loads(second)["tokens"]) == 2
