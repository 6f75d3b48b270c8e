"""Credentials in an ``Authorization`` field: ``access.authentication``."""

from base64 import b64encode

import pytest

from access.authentication import MAX_LENGTH, parse_credential
from testing.memory_proxy import encode_basic

WHITE_SPACE = ["\n", "\r\n", " ", "\t", "\x0b\x0c", "\u00a0", " \n\n"]


def encode(text: str | bytes, scheme: str = "Basic") -> str:
    """Return the field with any text in place of ``user:password``."""
    raw = text.encode() if isinstance(text, str) else text
    return f"{scheme} {b64encode(raw).decode()}"


@pytest.mark.conformance(60)
@pytest.mark.parametrize(
    ("field", "credential"),
    [
        (encode_basic("t"), "t"),
        (encode_basic("t", user=""), "t"),
        (encode_basic("a:b:c"), "a:b:c"),
        (encode_basic("ä"), "ä"),
        (encode_basic("t", user="ä"), "t"),
        (encode("jürgen:t".encode("latin-1")), "t"),
        (encode("u:t", "bAsIc"), "t"),
        (encode("u:t", " Basic "), "t"),
        (encode("u:t", "Basic\t"), "t"),
        (encode("u:t") + " ", "t"),
    ],
)
def test_the_password_of_basic_credentials_is_the_credential(field: str, credential: str) -> None:
    assert parse_credential(field) == credential


@pytest.mark.conformance(60)
@pytest.mark.parametrize("text", ["t:", "t", "t\n:", "t:\n", " t : ", "t\r\n"])
def test_the_user_name_is_the_credential_if_the_password_is_empty(text: str) -> None:
    assert parse_credential(encode(text)) == "t"


@pytest.mark.conformance(60)
@pytest.mark.parametrize("field", ["Bearer t", "bearer t", "BEARER   t", "Bearer\tt", " Bearer t "])
def test_the_token_of_a_bearer_field_is_the_credential(field: str) -> None:
    assert parse_credential(field) == "t"


@pytest.mark.conformance(60)
@pytest.mark.parametrize("space", WHITE_SPACE)
def test_white_space_around_a_credential_is_ignored(space: str) -> None:
    fields = [
        *(encode(f"u:{padded}") for padded in (f"t{space}", f"{space}t", f"{space}t{space}")),
        *(encode(f"{padded}:") for padded in (f"t{space}", f"{space}t", f"{space}t{space}")),
        *(f"Bearer {padded}" for padded in (f"t{space}", f"{space}t", f"{space}t{space}")),
    ]
    assert [parse_credential(field) for field in fields] == ["t"] * 9


@pytest.mark.conformance(60)
@pytest.mark.parametrize("field", ["Basic {}", "Bearer {}"])
def test_white_space_inside_a_credential_counts(field: str) -> None:
    inner = encode("u:a b").removeprefix("Basic ") if field.startswith("Basic") else "a b"
    assert parse_credential(field.format(inner)) == "a b"


@pytest.mark.conformance(61)
@pytest.mark.parametrize(
    "field",
    [
        "",
        " ",
        "Basic",
        "Basic ",
        "Bearer",
        "Bearer  ",
        encode(":"),
        encode(" : \n"),
        encode(""),
        "Basic !!!!",
        "Basic äöü",
        "Basic YTpi YTpi",
        "Basic YTpi, Basic YTpi",
        "Digest YTpi",
        "Token t",
        "t",
    ],
)
def test_any_other_field_has_no_credential(field: str) -> None:
    assert parse_credential(field) is None


@pytest.mark.conformance(60)
@pytest.mark.parametrize("prefix", ["__token__:", "", "Bearer "])
@pytest.mark.parametrize("length", [MAX_LENGTH, MAX_LENGTH + 1])
def test_a_credential_has_at_most_8_kib(prefix: str, length: int) -> None:
    text = f"{prefix}{'t' * length}\n"
    found = parse_credential(text if prefix == "Bearer " else encode(text))
    assert found == ("t" * 8192 if length == 8192 else None)
