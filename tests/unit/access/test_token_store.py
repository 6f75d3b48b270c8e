"""Tests of ``access.token_store``: create, list and revoke, also by concurrent writers."""

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest

from access.errors import TokenStoreError
from access.token_store import TokenStore
from cloud.errors import CloudError, NotFound, Unavailable, Unreadable
from cloud.retry import Backoff, Retry
from schemas.tokens import Token, TokenDocument, hash_token, is_token
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret

STRANGE = "gcpypi_" + "0" * 43 + "2CZclj"
"""Valid token that is in no secret."""


@pytest.fixture
def secret() -> MemorySecret:
    return MemorySecret()


def create_store(secret: MemorySecret, now: datetime = NOON) -> TokenStore:
    return TokenStore(secret, lambda: now)


def test_a_token_is_returned_once_and_only_its_digest_is_kept(secret: MemorySecret) -> None:
    token = create_store(secret).create("ci", projects=["Acme_*"], expires_in=timedelta(days=90))
    assert is_token(token)
    assert token.encode() not in secret.versions[0]
    assert secret.read_tokens() == (
        Token(
            name="ci",
            sha256=hash_token(token),
            scopes=("read",),
            projects=("acme-*",),
            created=NOON,
            expires=NOON + timedelta(days=90),
        ),
    )


def test_by_default_a_token_has_all_projects_and_no_expiry(secret: MemorySecret) -> None:
    create_store(secret).create("ci")
    [token] = create_store(secret).list_tokens()
    assert (token.projects, token.scopes, token.expires) == (("*",), ("read",), None)


def test_one_of_two_tokens_of_a_name_can_be_revoked(secret: MemorySecret) -> None:
    old, new = (create_store(secret).create("ci") for _ in range(2))
    [revoked] = create_store(secret).revoke(hash_token(old)[:8])
    assert revoked.sha256 == hash_token(old)
    assert [token.sha256 for token in secret.read_tokens() if token.is_live(NOON)] == [
        hash_token(new)
    ]


def test_a_name_is_revoked_with_all_its_tokens(secret: MemorySecret) -> None:
    for name in ("ci", "ci", "team"):
        create_store(secret).create(name)
    assert len(create_store(secret).revoke("ci")) == 2
    assert secret.list_live_names() == {"team"}


def test_a_leaked_token_can_be_revoked_by_its_value(secret: MemorySecret) -> None:
    token = create_store(secret).create("ci")
    create_store(secret).revoke(token)
    assert secret.list_live_names() == set()


def test_an_ended_token_is_shown_for_a_day_and_forgotten_by_the_next_change(
    secret: MemorySecret,
) -> None:
    create_store(secret).create("old")
    create_store(secret).revoke("old")
    create_store(secret, NOON + timedelta(hours=23)).create("ci")
    assert [token.name for token in secret.read_tokens()] == ["old", "ci"]
    create_store(secret, NOON + timedelta(hours=25)).create("ci")
    assert [token.name for token in secret.read_tokens()] == ["ci", "ci"]


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("unknown", "no live tokens match 'unknown'; list shows all tokens"),
        ("0123456789", "no live tokens match '0123456789'; list"),
        ("ab", "no live tokens match 'ab'; list"),
        ("gone", "no live tokens match 'gone': 'gone' [0-9a-f]{12} ended at 2026-11-24T12:00Z"),
        (STRANGE, f"no token has the digest {hash_token(STRANGE)[:12]}: it is of another index"),
    ],
)
def test_only_live_tokens_can_be_revoked(secret: MemorySecret, selector: str, message: str) -> None:
    create_store(secret).create("ci")
    create_store(secret).create("gone")
    create_store(secret).revoke("gone")
    with pytest.raises(TokenStoreError, match=message):
        create_store(secret).revoke(selector)
    assert secret.list_live_names() == {"ci"}


def test_a_name_that_looks_like_a_token_or_a_digest_is_a_name() -> None:
    names = ("gcpypi_team", "deadbeef")
    tokens = tuple(Token(name=each, sha256=hash_token(each), created=NOON) for each in names)
    secret = MemorySecret(TokenDocument(tokens=tokens).encode())
    for name in names:
        [revoked] = create_store(secret).revoke(name)
        assert revoked.name == name


@pytest.mark.parametrize("value", ["handmade", "gcpypi_short", "é"])
def test_a_token_of_any_form_can_be_revoked_by_its_value(value: str) -> None:
    token = Token(name="old", sha256=hash_token(value), created=NOON)
    secret = MemorySecret(TokenDocument(tokens=(token,)).encode())
    create_store(secret).revoke_value(value)
    assert secret.list_live_names() == set()
    with pytest.raises(TokenStoreError, match=r"not live any more: 'old' [0-9a-f]{12} ended at"):
        create_store(secret).revoke_value(value)


@pytest.mark.parametrize("value", ["ci", "password", "gcpypi_password", STRANGE])
def test_the_error_of_an_unknown_token_does_not_contain_it(
    secret: MemorySecret, value: str
) -> None:
    create_store(secret).create("ci")
    with pytest.raises(TokenStoreError) as raised:
        create_store(secret).revoke_value(value)
    assert value not in str(raised.value).split()
    assert secret.list_live_names() == {"ci"}


def test_an_ambiguous_digest_revokes_no_token() -> None:
    twins = [
        Token(name=name, sha256="ab" * 31 + end, created=NOON)
        for name, end in (("a", "00"), ("b", "01"))
    ]
    secret = MemorySecret(TokenDocument(tokens=tuple(twins)).encode())
    with pytest.raises(TokenStoreError, match="2 live tokens"):
        create_store(secret).revoke("abababab")
    assert secret.list_live_names() == {"a", "b"}


def test_a_mistyped_token_is_refused_as_mistyped(secret: MemorySecret) -> None:
    token = create_store(secret).create("ci")
    with pytest.raises(TokenStoreError, match="mistyped"):
        create_store(secret).revoke(token[:-1])


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "-a", "a" * 65, "a\n"])
def test_an_invalid_name_is_refused(secret: MemorySecret, name: str) -> None:
    with pytest.raises(TokenStoreError, match="invalid name"):
        create_store(secret).create(name)
    assert secret.versions == []


def test_a_token_as_a_name_is_refused_and_not_quoted(secret: MemorySecret) -> None:
    with pytest.raises(TokenStoreError, match="this is a token, not a name") as raised:
        create_store(secret).create(STRANGE)
    assert STRANGE not in str(raised.value)
    assert secret.versions == []


@pytest.mark.parametrize("glob", ["", " ", "a b", "é", "a/b", "a,b", "*" * 129, "a\n", "a\x1b[2J"])
def test_a_project_pattern_that_matches_no_name_is_refused(secret: MemorySecret, glob: str) -> None:
    with pytest.raises(TokenStoreError, match="invalid project pattern"):
        create_store(secret).create("ci", projects=["acme-*", glob])
    assert secret.versions == []


def test_an_unreadable_secret_is_neither_changed_nor_quoted() -> None:
    secret = MemorySecret(b"password")
    with pytest.raises(TokenStoreError, match="versions/1 is not a token document") as raised:
        create_store(secret).create("ci")
    assert "password" not in str(raised.value)
    assert secret.versions == [b"password"]


NEWER = b'{"schema_version":2,"holders":[]}'


def test_a_document_of_a_newer_schema_is_not_replaced() -> None:
    secret = MemorySecret(NEWER)
    store = create_store(secret)
    for act in (store.list_tokens, partial(store.create, "ci"), partial(store.revoke, "ci")):
        with pytest.raises(TokenStoreError, match=r"versions/1: schema_version 2 is newer than 1"):
            act()
    assert secret.versions == [NEWER]


def test_a_document_of_a_newer_schema_that_is_added_meanwhile_is_restored(
    secret: MemorySecret,
) -> None:
    create_store(secret).create("before")
    secret.interruptions = [lambda: secret.versions.append(NEWER)]
    with pytest.raises(TokenStoreError, match=r"nothing is changed, because .*versions/2.* newer"):
        create_store(secret).create("ci")
    assert secret.versions[-1] == NEWER


def read_devices(secret: MemorySecret) -> object:
    return json.loads(secret.versions[-1])["devices"]


def test_the_devices_of_a_newer_program_stay(secret: MemorySecret) -> None:
    create_store(secret).create("before")
    document = json.loads(secret.versions[-1])
    one, two = ({"name": name, "claims": {"sub": name}, "expires": None} for name in "ab")
    ended = {**one, "expires": "2026-11-24T12:00:00Z"}
    secret.versions.append(json.dumps({**document, "devices": [one]}).encode())
    create_store(secret).create("ci")
    create_store(secret).revoke("before")
    assert read_devices(secret) == [one]
    newer = json.dumps({**document, "devices": [ended, two]}).encode()
    secret.interruptions = [lambda: secret.versions.append(newer)]
    create_store(secret).create("other")
    assert read_devices(secret) == [ended, two]
    assert secret.list_live_names() == {"ci", "other"}


Act = Callable[[], object]


def overtake(secret: MemorySecret, acts: Sequence[Act]) -> None:
    """Start the first act, and execute the others between its reading and its writing."""
    first, *others = acts
    secret.interruptions = [lambda: overtake(secret, others)] if others else []
    first()


@pytest.mark.parametrize("others", [1, 2, 5])
def test_concurrently_created_tokens_stay(secret: MemorySecret, others: int) -> None:
    create_store(secret).create("before")
    names = ["ci", *(f"other-{number}" for number in range(others))]
    overtake(secret, [partial(create_store(secret).create, name) for name in names])
    assert secret.list_live_names() == {"before", *names}


def test_a_concurrently_revoked_token_stays_revoked(secret: MemorySecret) -> None:
    create_store(secret).create("leaked")

    def revoke() -> None:
        create_store(secret).revoke("leaked")

    secret.interruptions = [revoke]
    create_store(secret).create("ci")
    assert secret.list_live_names() == {"ci"}


def test_a_writer_with_an_old_version_loses_no_token(secret: MemorySecret) -> None:
    for name in ("a", "b", "c"):
        create_store(secret).create(name)
    stale, now = secret.access_version(1), create_store(secret)
    secret.access_latest = lambda: stale  # type: ignore[method-assign]  # ``latest`` can be stale
    now.create("ci")
    assert secret.list_live_names() == {"a", "b", "c", "ci"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_concurrent_writers_lose_no_token(
    secret: MemorySecret, order: tuple[int, ...]
) -> None:
    create_store(secret).create("leaked")
    acts: list[Act] = [
        lambda: create_store(secret).create("a"),
        lambda: create_store(secret).revoke("leaked"),
        lambda: create_store(secret).create("b"),
    ]
    overtake(secret, [acts[number] for number in order])
    assert secret.list_live_names() == {"a", "b"}


def test_another_version_that_no_proxy_accepts_is_skipped(secret: MemorySecret) -> None:
    create_store(secret).create("before")
    secret.interruptions = [lambda: secret.versions.append(b"handmade")]
    create_store(secret).create("ci")
    assert secret.list_live_names() == {"before", "ci"}


@pytest.mark.parametrize("fault", [Unreadable("v2", "DESTROYED"), NotFound("v2")])
def test_a_destroyed_version_of_another_writer_is_skipped(
    secret: MemorySecret, fault: CloudError
) -> None:
    create_store(secret).create("before")
    secret.interruptions = [partial(create_store(secret).create, "other")]
    secret.faults = [fault]
    create_store(secret).create("ci")
    assert secret.list_live_names() == {"before", "ci"}


def test_another_version_is_read_again_while_secret_manager_fails(secret: MemorySecret) -> None:
    create_store(secret).create("before")
    secret.interruptions = [partial(create_store(secret).create, "other")]
    secret.faults = [Unavailable("v2")] * 3
    pauses: list[float] = []
    retry = Retry({Unavailable: Backoff(0.2, 2.0)}, 20.0, sleep=pauses.append)
    TokenStore(secret, lambda: NOON, retry).create("ci")
    assert secret.list_live_names() == {"before", "other", "ci"}
    assert len(pauses) == 3


def test_an_unreadable_version_of_another_writer_is_named(secret: MemorySecret) -> None:
    create_store(secret).create("before")
    secret.interruptions = [partial(create_store(secret).create, "other")]
    secret.faults = [Unavailable("v2", "down")]
    store = TokenStore(secret, lambda: NOON, Retry({}, 0.0))
    with pytest.raises(TokenStoreError, match=r"version 3 lacks the changes of version 2.*down"):
        store.create("ci")
