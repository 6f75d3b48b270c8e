"""Identities of ID tokens (`schemas.identities`), and their rules (`schemas.holders.claim_rules`).

The module also tests the permissions of a holder (`schemas.holders.holder`).
"""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.holders import EVERYTHING, PUBLISH, READ
from schemas.holders.claim_rules import PATTERN_CLAIMS, matches_claims, matches_pattern
from schemas.holders.unknown_fields import join_values
from schemas.identities import OidcIdentity
from schemas.names import ProjectName
from schemas.tokens import Token, TokenDocument, hash_token

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GITHUB = "https://token.actions.githubusercontent.com"
GOOGLE = "https://accounts.google.com"
CLAIMS = {"repository_owner_id": "42", "repository_id": "123456789"}
ACME = ProjectName("acme-tool")


def make_identity(name: str = "ci", **facts: object) -> OidcIdentity:
    return OidcIdentity.model_validate(
        {"name": name, "issuer": GITHUB, "claims": CLAIMS, "created": NOON, **facts}
    )


def make_document(*identities: OidcIdentity) -> TokenDocument:
    return TokenDocument(tokens=(), identities=identities)


def test_an_identity_matches_an_id_token_with_its_issuer_and_claims() -> None:
    identity = make_identity()
    assert identity.matches({"iss": GITHUB, **CLAIMS, "ref": "refs/heads/main"})
    assert not identity.matches({"iss": GOOGLE, **CLAIMS})
    assert not identity.matches({"iss": GITHUB + "/", **CLAIMS})
    assert not identity.matches(CLAIMS)


@pytest.mark.parametrize("value", [None, 123456789, True, ["123456789"], {}, "", "12345678"])
def test_a_claim_that_is_no_string_or_another_one_never_matches(value: object) -> None:
    assert not matches_claims(CLAIMS, {**CLAIMS, "repository_id": value})


def test_a_missing_claim_never_matches_also_the_pattern_for_everything() -> None:
    assert not matches_claims({"environment": "*"}, {})
    assert matches_claims({"environment": "*"}, {"environment": ""})


@pytest.mark.parametrize("verified", [None, False, "true", 1])
def test_an_email_that_is_not_verified_never_matches(verified: object) -> None:
    claims = {"email": "ci@acme.example", "email_verified": verified}
    assert not matches_claims({"email": "ci@acme.example"}, claims)
    assert not matches_claims({"email": "ci@acme.example"}, {"email": "ci@acme.example"})
    assert matches_claims({"email": "ci@acme.example"}, {**claims, "email_verified": True})


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("refs/heads/main", "refs/heads/main", True),
        ("refs/heads/*", "refs/heads/main", True),
        ("refs/heads/*", "refs/heads/feature/x", False),
        ("refs/tags/v*", "refs/tags/v1.0", True),
        ("refs/tags/v?", "refs/tags/v/", False),
        ("refs[/]heads", "refs/heads", False),
        ("*", "refs/heads/main", False),
        ("*", "production", True),
        ("Production", "production", False),
        ("v[0-9]", "v1", True),
        ("v[!0-9]", "v/", False),
    ],
)
def test_no_wildcard_of_a_pattern_matches_a_slash(pattern: str, value: str, expected: bool) -> None:
    assert matches_claims({"ref": pattern}, {"ref": value}) is expected


@given(st.text(alphabet="ab/*?[]!-", max_size=12), st.text(alphabet="ab/*", max_size=12))
def test_a_match_keeps_every_slash_in_its_place(pattern: str, value: str) -> None:
    if matches_pattern(value, pattern):
        assert value.count("/") == pattern.count("/")


@given(st.text(alphabet="ab/-:.@", max_size=20))
def test_a_pattern_without_wildcards_matches_only_itself(text: str) -> None:
    assert matches_pattern(text, text)
    assert not matches_pattern(text + "a", text)
    assert not matches_pattern("a" + text, text)


@given(
    st.lists(st.text(alphabet="ab.", max_size=4), min_size=1, max_size=5),
    st.integers(0, 4),
)
def test_a_star_matches_any_text_of_one_segment(segments: list[str], place: int) -> None:
    pattern = [*segments]
    pattern[place % len(segments)] = "*"
    assert matches_pattern("/".join(segments), "/".join(pattern))
    deeper = [*segments]
    deeper[place % len(segments)] += "/x"
    assert not matches_pattern("/".join(deeper), "/".join(pattern))


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_claim_without_patterns_matches_only_equal_text(pattern: str, value: str) -> None:
    expected = pattern == value
    assert matches_claims({"repository_id": pattern}, {"repository_id": value}) is expected


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"claims": {"repository_owner_id": "42"}}, "an exact claim is missing"),
        ({"claims": {}}, "an exact claim is missing"),
        ({"claims": {"sub": "repo:acme/*"}}, "an exact claim is missing"),
        ({"claims": {"repository_id": "1*"}}, "the claim 'repository_id' can have no pattern"),
        ({"claims": {"email": "*@acme.example"}}, "the claim 'email' can have no pattern"),
        ({"claims": {"repository_id": ""}}, "should have a name and a value"),
        ({"issuer": "http://ci.example"}, "should be a URL"),
        ({"issuer": "https://"}, "should be a URL"),
        ({"issuer": "https://user@ci.example"}, "should be a URL"),
        ({"issuer": "https://ci.example/?x=1"}, "should be a URL"),
        ({"issuer": "https://ci.example:99999"}, "should be a URL"),
        ({"issuer": "https://[::1"}, "should be a URL"),
        ({"issuer": "ci.example"}, "should be a URL"),
        ({"scopes": ["publish"]}, "an uploader is missing"),
        ({"scopes": ["publish"], "uploader": "acme"}, "ref or environment"),
        (
            {"scopes": ["publish"], "uploader": "acme", "issuer": f"{GITHUB}/acme"},
            "ref or environment",
        ),
        *(
            (
                {"scopes": ["publish"], "uploader": "acme", "issuer": issuer},
                "ref or environment",
            )
            for issuer in (
                "https://token.actions.octocorp.ghe.com",
                "https://token.actions.octocorp.ghe.com/octocorp",
            )
        ),
        (
            {
                "scopes": ["publish"],
                "uploader": "acme",
                "issuer": "https://github.acme.example/_services/token",
            },
            "ref or environment",
        ),
    ],
)
def test_an_unsafe_identity_has_a_fault(facts: dict[str, Any], fault: str) -> None:
    assert fault in str(make_identity(**facts).find_fault())


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"claims": {"project_id": "7"}, "issuer": "https://gitlab.acme.example:8443/base"},
        {"claims": {"email": "ci@acme.example"}, "issuer": GOOGLE},
        {"claims": {"sub": "repo:acme/tool:ref:refs/heads/main"}},
        {"claims": {**CLAIMS, **dict.fromkeys(set(PATTERN_CLAIMS) - {"sub"}, "a/*")}},
        {"scopes": ["publish"], "uploader": "a", "claims": {**CLAIMS, "environment": "release"}},
        {"scopes": ["publish"], "uploader": "a", "claims": {"project_id": "7"}, "issuer": GOOGLE},
    ],
)
def test_a_safe_identity_has_no_fault(facts: dict[str, Any]) -> None:
    assert make_identity(**facts).find_fault() is None


def test_a_holder_publishes_only_with_the_scope_and_an_uploader() -> None:
    publisher = make_identity(scopes=[PUBLISH], uploader="acme", projects=["acme-*"])
    assert publisher.can_publish(ACME)
    assert not publisher.can_publish(ProjectName("other"))
    assert not publisher.can_read(ACME)
    assert not make_identity(scopes=[PUBLISH]).can_publish(ACME)
    assert not make_identity(scopes=[PUBLISH], uploader="").can_publish(ACME)
    assert not make_identity(scopes=[READ], uploader="acme").can_publish(ACME)
    assert not publisher.revoke(NOON).can_publish(ACME)


def test_a_token_can_publish_as_its_uploader() -> None:
    facts = {"name": "ci", "sha256": hash_token("a"), "created": NOON}
    token = Token.model_validate({**facts, "scopes": [PUBLISH], "uploader": "acme"})
    assert token.can_publish(ACME)
    assert token.projects == (EVERYTHING,)


def test_a_document_without_identities_is_written_as_before() -> None:
    entry = {"name": "a", "sha256": hash_token("a"), "created": "2026-11-24T12:00:00Z"}
    data = json.dumps({"schema_version": 1, "tokens": [entry]}).encode()
    document = TokenDocument.read(data)
    for changed in (document, document.merge([document]), document.drop_expired(NOON)):
        assert json.loads(changed.encode()).keys() == {"schema_version", "tokens"}


def test_a_document_is_read_as_it_was_written() -> None:
    written = make_document(
        make_identity(), make_identity("ops", claims={"email": "a@b.example"}, expires=NOON)
    )
    assert TokenDocument.read(written.encode()) == written


def test_an_identity_keeps_the_fields_that_this_program_does_not_know() -> None:
    document = make_document(make_identity(note="of a newer program"), make_identity("b"))
    for changed in (
        document.merge([make_document(make_identity("c"))]),
        document.with_identity(make_identity("c")),
        document.revoke_identities([document.identities[0].key], NOON),
    ):
        found = {each["name"]: each for each in json.loads(changed.encode())["identities"]}
        assert found["ci"]["note"] == "of a newer program"


def test_a_removed_identity_expires_matches_nothing_for_reading_and_is_dropped_later() -> None:
    document = make_document(make_identity("a"), make_identity("b"))
    removed = document.revoke_identities([document.identities[0].key], NOON)
    assert [each.is_live(NOON) for each in removed.identities] == [False, True]
    assert not removed.identities[0].can_read(ACME)
    assert [each.name for each in removed.drop_expired(NOON).identities] == ["b"]


@pytest.mark.parametrize(
    "facts",
    [
        {"scopes": ["read"], "projects": ["*"], "expires": None},
        {"scopes": ["read"], "projects": [], "expires": None},
        {"scopes": ["publish"], "projects": ["*"], "uploader": "a", "expires": NOON},
    ],
)
def test_the_entry_of_a_removed_identity_is_shorter(facts: dict[str, Any]) -> None:
    identity = make_identity(**facts)
    live, removed = (make_document(i).encode() for i in (identity, identity.revoke(NOON)))
    assert len(removed) < len(live)


def test_an_added_identity_with_equal_claims_is_another_entry() -> None:
    first = make_identity().revoke(NOON)
    again = make_identity(created=NOON + timedelta(seconds=1))
    joined = make_document(first).with_identity(again)
    assert [each.is_live(NOON) for each in joined.identities] == [False, True]


identities = st.builds(
    lambda name, owner, hours: make_identity(
        name,
        claims={"repository_id": owner},
        expires=None if hours is None else NOON + timedelta(hours=hours),
    ),
    st.sampled_from("abc"),
    st.sampled_from("12"),
    st.none() | st.integers(0, 3),
)
documents = st.lists(identities, max_size=5, unique_by=lambda each: each.key).map(
    lambda each: make_document(*each)
)


def collect(document: TokenDocument) -> set[str]:
    return {each.model_dump_json() for each in document.identities}


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
def test_a_merge_keeps_every_identity_and_the_earlier_end(
    one: TokenDocument, other: TokenDocument
) -> None:
    end = NOON + timedelta(9)
    merged = {each.key: each.expires or end for each in one.merge([other]).identities}
    for each in (*one.identities, *other.identities):
        assert merged[each.key] <= (each.expires or end)


def test_a_removal_survives_the_join_of_an_older_program() -> None:
    """An older program joins identities as unknown entries: it keeps both versions of one."""
    live = make_document(make_identity())
    removed = live.revoke_identities([live.identities[0].key], NOON)
    lists = [json.loads(each.encode())["identities"] for each in (live, removed)]
    for one, other in (lists, lists[::-1]):
        joined = join_values(one, other)
        data = json.dumps({"schema_version": 1, "tokens": [], "identities": joined}).encode()
        read = TokenDocument.read(data).merge(())
        assert [each.is_live(NOON) for each in read.identities] == [False]
