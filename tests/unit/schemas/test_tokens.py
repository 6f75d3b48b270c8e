"""Format of tokens, and merges of token documents in any order."""

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.names import ProjectName
from schemas.tokens import (
    PREFIX,
    NewerTokens,
    Token,
    TokenDocument,
    UnreadableTokens,
    generate_token,
    hash_token,
    is_token,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KNOWN = "gcpypi_" + "0" * 43 + "2CZclj"


def make_token(name: str, **facts: object) -> Token:
    return Token.model_validate(
        {"name": name, "sha256": hash_token(name), "created": NOON, **facts}
    )


def make_document(*tokens: Token) -> TokenDocument:
    return TokenDocument(tokens=tokens)


def test_a_new_token_matches_the_pattern_for_scanners() -> None:
    made = {generate_token() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"gcpypi_[0-9A-Za-z]{49}", each) for each in made)
    assert all(map(is_token, made))


def test_the_checksum_is_the_crc_32_of_the_random_digits() -> None:
    assert is_token(KNOWN)


@pytest.mark.parametrize(
    "text",
    ["", "gcpypi_", KNOWN[:-1], KNOWN + "0", KNOWN.replace("gcpypi", "pypi"), KNOWN.upper(), "é"],
)
def test_other_text_is_not_a_token(text: str) -> None:
    assert not is_token(text)


def test_the_checksum_detects_every_wrong_digit() -> None:
    good = generate_token()
    for place in range(len(PREFIX), len(good)):
        other = "a" if good[place] != "a" else "b"
        assert not is_token(good[:place] + other + good[place + 1 :])


def test_an_expiry_time_can_only_become_earlier() -> None:
    lasting, later = make_token("a"), NOON + timedelta(days=1)
    assert lasting.revoke(later).revoke(NOON).expires == NOON
    assert lasting.revoke(NOON).revoke(later).expires == NOON


def test_a_revoked_token_reads_nothing_also_before_its_end() -> None:
    revoked = make_token("a").revoke(NOON)
    assert not revoked.can_read_everything()
    assert not revoked.can_read(ProjectName("acme"))


def list_full_fields(**facts: object) -> dict[str, object]:
    return {"scopes": ["read"], "projects": ["*"], "expires": None, **facts}


@pytest.mark.parametrize(
    "facts",
    [
        list_full_fields(),
        list_full_fields(projects=["a"]),
        list_full_fields(projects=[]),
        list_full_fields(expires=NOON + timedelta(days=90)),
        list_full_fields(created=NOON.replace(microsecond=123456)),
        list_full_fields(note="of a newer program"),
    ],
)
def test_the_entry_of_a_revoked_token_is_shorter(facts: dict[str, object]) -> None:
    token = make_token("a", **facts)
    live, revoked = (make_document(each).encode() for each in (token, token.revoke(NOON)))
    assert len(revoked) < len(live)


def test_a_revoked_token_expires_and_is_dropped_later() -> None:
    both = make_document(make_token("a"), make_token("b"))
    revoked = both.revoke([hash_token("a")], NOON)
    assert [each.is_live(NOON) for each in revoked.tokens] == [False, True]
    assert revoked.drop_expired(NOON - timedelta(seconds=1)) == revoked
    assert revoked.drop_expired(NOON) == make_document(make_token("b"))


tokens = st.builds(
    lambda name, hours: make_token(
        name, expires=None if hours is None else NOON + timedelta(0, hours)
    ),
    st.sampled_from("abcdef"),
    st.none() | st.integers(0, 3),
)
documents = st.lists(tokens, max_size=5, unique_by=lambda t: t.name).map(
    lambda t: make_document(*t)
)


def collect(found: TokenDocument) -> set[str]:
    return {each.model_dump_json() for each in found.tokens}


@given(st.lists(documents, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_merges_do_not_matter(
    several: list[TokenDocument], random: Random
) -> None:
    first = several[0].merge(several[1:])
    shuffled = [*several, *several]
    random.shuffle(shuffled)
    assert collect(shuffled[0].merge(shuffled[1:])) == collect(first)
    assert collect(first.merge([first])) == collect(first)


@given(documents, documents)
def test_a_merge_keeps_every_token_and_every_expiry_time(
    one: TokenDocument, other: TokenDocument
) -> None:
    merged = {each.sha256: each for each in one.merge([other]).tokens}
    for each in (*one.tokens, *other.tokens):
        assert each.expires is None or merged[each.sha256].expires is not None
        assert (merged[each.sha256].expires or NOON + timedelta(9)) <= (
            each.expires or NOON + timedelta(9)
        )


def test_a_document_is_read_as_it_was_written() -> None:
    written = make_document(make_token("a", projects=["Acme_*"], expires=NOON), make_token("b"))
    assert TokenDocument.read(written.encode()) == written


def test_an_entry_keeps_the_fields_that_it_had() -> None:
    entry = {"name": "a", "sha256": hash_token("a"), "created": "2026-11-24T12:00:00Z"}
    data = json.dumps({"schema_version": 1, "tokens": [entry]}, separators=(",", ":")).encode()
    written = TokenDocument.read(data).encode()
    assert json.loads(written) == json.loads(data)
    assert len(written) == len(data)


NEXT = {
    "schema_version": 1,
    "tokens": [
        {"name": "a", "sha256": hash_token("a"), "created": "2026-11-24T12:00:00Z", "note": "n"}
    ],
    "devices": [{"name": "ci", "keys": {"id": "1"}, "expires": None}],
    "owner": "ops@acme.example",
}
"""Document of a synthetic newer release, with fields that this one does not know."""


def test_unknown_fields_survive_every_change() -> None:
    document = TokenDocument.read(json.dumps(NEXT).encode())
    for changed in (
        document.with_token(make_token("b")),
        document.revoke([hash_token("a")], NOON),
        document.drop_expired(NOON),
        document.merge([make_document(make_token("c"))]),
        make_document(make_token("c")).merge([document]),
    ):
        written = json.loads(changed.encode())
        assert (written["devices"], written["owner"]) == (NEXT["devices"], NEXT["owner"])
        assert [each.get("note") for each in written["tokens"] if each["name"] == "a"] == ["n"]


@pytest.mark.parametrize("version", [2, 999])
def test_a_document_of_a_newer_schema_is_refused_in_any_form(version: int) -> None:
    with pytest.raises(NewerTokens, match=f"schema_version {version} is newer than 1"):
        TokenDocument.read(json.dumps({"schema_version": version, "holders": []}).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"tokens": 1}',
        b'{"schema_version":"secret"}',
        b'{"tokens":[{"name":"secret"}]}',
    ],
)
def test_invalid_data_is_unreadable_and_not_quoted(data: bytes) -> None:
    with pytest.raises(UnreadableTokens) as raised:
        TokenDocument.read(data)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
