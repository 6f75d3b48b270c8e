"""Format of tokens, and merges of token documents in any order."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tokens import (
    PREFIX,
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
    assert lasting.end_at(later).end_at(NOON).expires == NOON
    assert lasting.end_at(NOON).end_at(later).expires == NOON


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
        assert merged[each.sha256].end_at(each.expires or NOON + timedelta(9)) is not None
        assert each.expires is None or merged[each.sha256].expires is not None
        assert (merged[each.sha256].expires or NOON + timedelta(9)) <= (
            each.expires or NOON + timedelta(9)
        )


def test_a_document_is_read_as_it_was_written() -> None:
    written = make_document(make_token("a", projects=["Acme_*"], expires=NOON), make_token("b"))
    assert TokenDocument.read(written.encode()) == written


@pytest.mark.parametrize("data", [b"", b"{}", b'{"tokens": 1}', b'{"tokens":[{"name":"secret"}]}'])
def test_invalid_data_is_unreadable_and_not_quoted(data: bytes) -> None:
    with pytest.raises(UnreadableTokens) as raised:
        TokenDocument.read(data)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
