"""Tests of ``access.token_store``: create, list and revoke, also by concurrent writers."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest

from access.token_store import TokenStore, TokenStoreError
from cloud.errors import NotFound
from cloud.secrets import MAX_SIZE, SecretVersion
from schemas.tokens import Token, TokenDocument, hash_token, is_token
from testing.fakes.examples import NOON

STRANGE = "gcpypi_" + "0" * 43 + "2CZclj"
"""Valid token that is in no secret."""


class MemorySecret:
    """Secret in memory. ``interruptions`` are calls of other writers before the next version."""

    def __init__(self, *versions: bytes) -> None:
        self.versions = list(versions)
        self.interruptions: list[Callable[[], None]] = []

    def access_latest(self) -> SecretVersion:
        if not self.versions:
            raise NotFound("tokens")
        return self.access_version(len(self.versions))

    def access_version(self, number: int) -> SecretVersion:
        return SecretVersion(f"projects/1/secrets/t/versions/{number}", self.versions[number - 1])

    def add(self, data: bytes) -> int:
        while self.interruptions:
            self.interruptions.pop(0)()
        self.versions.append(data)
        return len(self.versions)

    def read_tokens(self) -> Sequence[Token]:
        return TokenDocument.read(self.versions[-1]).tokens

    def list_live_names(self) -> set[str]:
        return {token.name for token in self.read_tokens() if token.is_live(NOON)}


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


@pytest.mark.parametrize("which", ["unknown", "0123456789", "ab", STRANGE])
def test_only_live_tokens_can_be_revoked(secret: MemorySecret, which: str) -> None:
    create_store(secret).create("ci")
    create_store(secret).create("gone")
    create_store(secret).revoke("gone")
    for name in (which, "gone"):
        with pytest.raises(TokenStoreError, match="no live tokens"):
            create_store(secret).revoke(name)


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


def test_the_error_of_a_full_secret_names_the_remedy() -> None:
    many = tuple(
        Token(name="n" * 60, sha256=f"{number:064x}", created=NOON) for number in range(400)
    )
    secret = MemorySecret(TokenDocument(tokens=many).encode())
    with pytest.raises(
        TokenStoreError, match=f"the secret is full: 401 .* the limit is {MAX_SIZE}; revoke"
    ):
        create_store(secret).create("ci")


def test_an_unreadable_secret_is_neither_changed_nor_quoted() -> None:
    secret = MemorySecret(b"password")
    with pytest.raises(TokenStoreError, match="versions/1 is not a token document") as raised:
        create_store(secret).create("ci")
    assert "password" not in str(raised.value)
    assert secret.versions == [b"password"]


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
