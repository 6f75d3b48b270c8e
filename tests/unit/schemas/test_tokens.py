"""A token can be told from other text; documents of tokens can be joined in any order."""

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
    digest_of,
    is_token,
    new_token,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KNOWN = "gcpypi_" + "0" * 43 + "2CZclj"


def token(name: str, **facts: object) -> Token:
    return Token.model_validate({"name": name, "sha256": digest_of(name), "created": NOON, **facts})


def document(*tokens: Token) -> TokenDocument:
    return TokenDocument(tokens=tokens)


def test_a_new_token_is_what_scanners_look_for() -> None:
    made = {new_token() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"gcpypi_[0-9A-Za-z]{49}", each) for each in made)
    assert all(map(is_token, made))


def test_the_checksum_is_the_crc_32_of_the_random_digits() -> None:
    assert is_token(KNOWN)


@pytest.mark.parametrize(
    "text",
    ["", "gcpypi_", KNOWN[:-1], KNOWN + "0", KNOWN.replace("gcpypi", "pypi"), KNOWN.upper(), "é"],
)
def test_what_is_cut_off_or_something_else_is_no_token(text: str) -> None:
    assert not is_token(text)


def test_no_single_mistyped_digit_goes_unnoticed() -> None:
    good = new_token()
    for place in range(len(PREFIX), len(good)):
        other = "a" if good[place] != "a" else "b"
        assert not is_token(good[:place] + other + good[place + 1 :])


def test_an_end_can_only_come_nearer() -> None:
    lasting, later = token("a"), NOON + timedelta(days=1)
    assert lasting.ending(later).ending(NOON).expires == NOON
    assert lasting.ending(NOON).ending(later).expires == NOON


def test_a_revoked_token_is_live_no_more_and_is_forgotten_later() -> None:
    both = document(token("a"), token("b"))
    revoked = both.without([digest_of("a")], NOON)
    assert [each.is_live(NOON) for each in revoked.tokens] == [False, True]
    assert revoked.since(NOON - timedelta(seconds=1)) == revoked
    assert revoked.since(NOON) == document(token("b"))


tokens = st.builds(
    lambda name, hours: token(name, expires=None if hours is None else NOON + timedelta(0, hours)),
    st.sampled_from("abcdef"),
    st.none() | st.integers(0, 3),
)
documents = st.lists(tokens, max_size=5, unique_by=lambda t: t.name).map(lambda t: document(*t))


def as_set(found: TokenDocument) -> set[str]:
    return {each.model_dump_json() for each in found.tokens}


@given(st.lists(documents, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_and_the_number_of_joins_do_not_matter(
    several: list[TokenDocument], random: Random
) -> None:
    first = several[0].joined(several[1:])
    shuffled = [*several, *several]
    random.shuffle(shuffled)
    assert as_set(shuffled[0].joined(shuffled[1:])) == as_set(first)
    assert as_set(first.joined([first])) == as_set(first)


@given(documents, documents)
def test_a_join_loses_no_token_and_no_end(one: TokenDocument, other: TokenDocument) -> None:
    joined = {each.sha256: each for each in one.joined([other]).tokens}
    for each in (*one.tokens, *other.tokens):
        assert joined[each.sha256].ending(each.expires or NOON + timedelta(9)) is not None
        assert each.expires is None or joined[each.sha256].expires is not None
        assert (joined[each.sha256].expires or NOON + timedelta(9)) <= (
            each.expires or NOON + timedelta(9)
        )


def test_a_document_is_read_as_it_was_written() -> None:
    written = document(token("a", projects=["Acme_*"], expires=NOON), token("b"))
    assert TokenDocument.read(written.encode()) == written


@pytest.mark.parametrize("data", [b"", b"{}", b'{"tokens": 1}', b'{"tokens":[{"name":"secret"}]}'])
def test_what_is_no_document_is_unreadable_and_not_quoted(data: bytes) -> None:
    with pytest.raises(UnreadableTokens) as raised:
        TokenDocument.read(data)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
