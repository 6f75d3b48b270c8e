"""Addition and removal of identities, also by concurrent writers.

Tested modules: ``access.identity_store``, ``access.document_store``, ``access.entry_facts``.
"""

import itertools
import json
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from access.document_store import RESERVE
from access.errors import SecretFull, TokenStoreError
from access.identities.identity_set import MAX_ISSUERS
from access.identity_store import IdentityStore
from access.token_store import TokenStore
from cloud.secrets import MAX_SIZE
from schemas.holders import PUBLISH
from schemas.identities import OidcIdentity
from schemas.tokens import TokenDocument
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret

ISSUER = "https://ci.example"
CLAIMS = {"project_id": "7"}


@pytest.fixture
def secret() -> MemorySecret:
    return MemorySecret()


def create_store(secret: MemorySecret, now: datetime = NOON) -> IdentityStore:
    return IdentityStore(secret, lambda: now)


def add(secret: MemorySecret, name: str = "ci", **facts: Any) -> OidcIdentity:  # noqa: ANN401
    return create_store(secret).add(name, **{"issuer": ISSUER, "claims": CLAIMS, **facts})


def list_live(secret: MemorySecret) -> Sequence[str]:
    identities = TokenDocument.read(secret.versions[-1]).identities
    return [each.name for each in identities if each.is_live(NOON)]


def test_an_identity_is_added_beside_the_tokens(secret: MemorySecret) -> None:
    TokenStore(secret, lambda: NOON).create("ada")
    added = add(secret, projects=["Acme_*"], expires_in=timedelta(days=1))
    document = TokenDocument.read(secret.versions[-1])
    assert [token.name for token in document.tokens] == ["ada"]
    assert document.identities == (added,)
    assert (added.projects, added.scopes, added.expires, added.uploader) == (
        ("acme-*",),
        ("read",),
        NOON + timedelta(days=1),
        None,
    )
    assert "uploader" not in json.loads(secret.versions[-1])["identities"][0]


def test_a_publishing_identity_has_an_uploader(secret: MemorySecret) -> None:
    added = add(secret, scopes=[PUBLISH], uploader="acme")
    assert (added.uploader, added.scopes) == ("acme", ("publish",))


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"claims": {}}, "an exact claim is missing"),
        ({"claims": {"repository_id": "*"}}, "can have no pattern"),
        ({"issuer": "http://ci.example"}, "should be a URL"),
        ({"projects": ["a b"]}, "invalid project pattern"),
        ({"uploader": "acme"}, "only an entry for publishing has an uploader"),
        ({"scopes": [PUBLISH]}, "needs an uploader"),
        ({"scopes": [PUBLISH], "uploader": "a/b"}, "invalid uploader"),
        (
            {
                "scopes": [PUBLISH],
                "uploader": "acme",
                "issuer": "https://token.actions.githubusercontent.com",
                "claims": {"repository_id": "7"},
            },
            "needs the claim ref or environment",
        ),
    ],
)
def test_an_unsafe_identity_is_not_added(
    secret: MemorySecret, facts: dict[str, Any], problem: str
) -> None:
    with pytest.raises(TokenStoreError, match=problem):
        add(secret, **facts)
    assert secret.versions == []


@pytest.mark.parametrize("name", ["", "a b", "gcpypi_x", "x" * 65])
def test_the_name_is_checked(secret: MemorySecret, name: str) -> None:
    with pytest.raises(TokenStoreError):
        add(secret, name)


def test_a_removal_ends_all_identities_of_a_name(secret: MemorySecret) -> None:
    add(secret, "ci")
    add(secret, "ci", claims={"project_id": "8"})
    add(secret, "other")
    assert len(create_store(secret).remove("ci")) == 2
    assert list_live(secret) == ["other"]


def test_the_removal_of_an_unknown_name_is_refused(secret: MemorySecret) -> None:
    add(secret, "ci-readers")
    with pytest.raises(TokenStoreError, match="did you mean 'ci-readers'"):
        create_store(secret).remove("ci-reader")
    create_store(secret).remove("ci-readers")
    with pytest.raises(TokenStoreError, match="no live identity is called 'ci-readers'; list"):
        create_store(secret).remove("ci-readers")


def test_an_identity_can_be_added_again_in_the_second_of_its_removal(secret: MemorySecret) -> None:
    for _ in range(3):
        add(secret)
        assert list_live(secret) == ["ci"]
        create_store(secret).remove("ci")
        assert list_live(secret) == []


def test_a_removed_identity_leaves_the_secret_after_a_day(secret: MemorySecret) -> None:
    add(secret)
    create_store(secret).remove("ci")
    later = create_store(secret, NOON + timedelta(days=1))
    later.add("new", issuer=ISSUER, claims=CLAIMS)
    assert [each.name for each in later.list_identities()] == ["new"]


def test_concurrent_changes_are_all_kept(secret: MemorySecret) -> None:
    add(secret, "old")
    tokens = TokenStore(secret, lambda: NOON)
    secret.interruptions = [
        lambda: add(secret, "other"),
        lambda: create_store(secret).remove("old"),
        lambda: tokens.create("ada"),
    ]
    add(secret, "ci")
    assert sorted(list_live(secret)) == ["ci", "other"]
    assert secret.list_live_names() == {"ada"}


def test_a_removal_wins_against_a_concurrent_addition_of_the_old_version(
    secret: MemorySecret,
) -> None:
    add(secret, "ci")
    old = secret.versions[-1]
    secret.interruptions = [lambda: secret.versions.append(old)]
    create_store(secret).remove("ci")
    assert list_live(secret) == []


def test_the_number_of_issuers_is_bounded(secret: MemorySecret) -> None:
    for number in range(MAX_ISSUERS):
        add(secret, issuer=f"https://{number}.example")
    with pytest.raises(TokenStoreError, match="of 32 issuers, which is the limit"):
        add(secret, issuer="https://more.example")
    add(secret, "again", issuer="https://1.example")


def test_the_removal_of_an_issuer_makes_room_for_another_one(secret: MemorySecret) -> None:
    for number in range(MAX_ISSUERS):
        add(secret, str(number), issuer=f"https://{number}.example")
    create_store(secret).remove("0")
    add(secret, issuer="https://more.example")


def test_all_identities_of_a_full_secret_can_be_removed(secret: MemorySecret) -> None:
    facts = {"issuer": ISSUER, "created": NOON, "expires": None}
    facts |= {"scopes": ["read"], "projects": ["*"]}
    identities = tuple(
        OidcIdentity.model_validate({"name": "ci", "claims": {"project_id": str(n)}, **facts})
        for n in range(320)
    )
    document = TokenDocument(tokens=(), identities=identities)
    secret.versions.append(document.encode())
    numbers = map(str, itertools.count(1000))
    with pytest.raises(SecretFull, match="0 tokens and"):
        deque(add(secret, claims={"project_id": number}) for number in numbers)
    assert MAX_SIZE - RESERVE - 300 < len(secret.versions[-1]) <= MAX_SIZE
    create_store(secret).remove("ci")
    assert list_live(secret) == []
    assert len(secret.versions[-1]) < len(secret.versions[-2])


@pytest.mark.parametrize("days", [None, 91])
def test_a_token_for_publishing_lives_for_at_most_90_days(
    secret: MemorySecret, days: int | None
) -> None:
    store = TokenStore(secret, lambda: NOON)
    lifetime = None if days is None else timedelta(days=days)
    with pytest.raises(TokenStoreError, match="lives for at most 90 days"):
        store.create("ci", scopes=[PUBLISH], uploader="acme", expires_in=lifetime)
    assert secret.versions == []
    store.create("ci", scopes=[PUBLISH], uploader="acme", expires_in=timedelta(days=90))
    [token] = secret.read_tokens()
    assert (token.scopes, token.uploader) == (("publish",), "acme")
    assert token.expires == NOON + timedelta(days=90)


def test_a_token_for_publishing_needs_an_uploader(secret: MemorySecret) -> None:
    store = TokenStore(secret, lambda: NOON)
    with pytest.raises(TokenStoreError, match="needs an uploader"):
        store.create("ci", scopes=[PUBLISH], expires_in=timedelta(days=1))
    with pytest.raises(TokenStoreError, match="only an entry for publishing"):
        store.create("ci", uploader="acme")
