"""Tokens are made, listed and revoked; whoever writes in between loses nothing."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest

from access.register import Refused, TokenRegister
from cloud.errors import NotFound
from cloud.secrets import MAX_SIZE, SecretVersion
from schemas.tokens import Token, TokenDocument, digest_of, is_token
from testing.fakes.examples import NOON

STRANGE = "gcpypi_" + "0" * 43 + "2CZclj"
"""Well formed, and nobody's."""


class MemorySecret:
    """Versions in memory; ``meanwhile`` is what others do before the next is added."""

    def __init__(self, *versions: bytes) -> None:
        self.versions = list(versions)
        self.meanwhile: list[Callable[[], None]] = []

    def latest(self) -> SecretVersion:
        if not self.versions:
            raise NotFound("tokens")
        return self.version(len(self.versions))

    def version(self, number: int) -> SecretVersion:
        return SecretVersion(f"projects/1/secrets/t/versions/{number}", self.versions[number - 1])

    def add(self, data: bytes) -> int:
        while self.meanwhile:
            self.meanwhile.pop(0)()
        self.versions.append(data)
        return len(self.versions)

    def tokens(self) -> Sequence[Token]:
        return TokenDocument.read(self.versions[-1]).tokens

    def live(self) -> set[str]:
        return {token.name for token in self.tokens() if token.is_live(NOON)}


@pytest.fixture
def secret() -> MemorySecret:
    return MemorySecret()


def register(secret: MemorySecret, now: datetime = NOON) -> TokenRegister:
    return TokenRegister(secret, lambda: now)


def test_a_token_is_returned_once_and_only_its_digest_is_kept(secret: MemorySecret) -> None:
    token = register(secret).create("ci", projects=["Acme_*"], expires_in=timedelta(days=90))
    assert is_token(token)
    assert token.encode() not in secret.versions[0]
    assert secret.tokens() == (
        Token(
            name="ci",
            sha256=digest_of(token),
            scopes=("read",),
            projects=("acme-*",),
            created=NOON,
            expires=NOON + timedelta(days=90),
        ),
    )


def test_without_further_words_it_is_for_everything_and_for_ever(secret: MemorySecret) -> None:
    register(secret).create("ci")
    [token] = register(secret).tokens()
    assert (token.projects, token.scopes, token.expires) == (("*",), ("read",), None)


def test_a_name_may_have_two_tokens_and_one_of_them_be_revoked(secret: MemorySecret) -> None:
    old, new = (register(secret).create("ci") for _ in range(2))
    [revoked] = register(secret).revoke(digest_of(old)[:8])
    assert revoked.sha256 == digest_of(old)
    assert [token.sha256 for token in secret.tokens() if token.is_live(NOON)] == [digest_of(new)]


def test_a_name_is_revoked_with_all_its_tokens(secret: MemorySecret) -> None:
    for name in ("ci", "ci", "team"):
        register(secret).create(name)
    assert len(register(secret).revoke("ci")) == 2
    assert secret.live() == {"team"}


def test_a_token_that_was_found_somewhere_is_revoked_by_itself(secret: MemorySecret) -> None:
    token = register(secret).create("ci")
    register(secret).revoke(token)
    assert secret.live() == set()


def test_an_ended_token_is_shown_for_a_day_and_forgotten_by_the_next_change(
    secret: MemorySecret,
) -> None:
    register(secret).create("old")
    register(secret).revoke("old")
    register(secret, NOON + timedelta(hours=23)).create("ci")
    assert [token.name for token in secret.tokens()] == ["old", "ci"]
    register(secret, NOON + timedelta(hours=25)).create("ci")
    assert [token.name for token in secret.tokens()] == ["ci", "ci"]


@pytest.mark.parametrize("which", ["nobody", "0123456789", "ab", STRANGE])
def test_what_is_no_live_token_cannot_be_revoked(secret: MemorySecret, which: str) -> None:
    register(secret).create("ci")
    register(secret).create("gone")
    register(secret).revoke("gone")
    for name in (which, "gone"):
        with pytest.raises(Refused, match="no live tokens"):
            register(secret).revoke(name)


def test_a_digest_that_fits_several_revokes_none() -> None:
    twins = [
        Token(name=name, sha256="ab" * 31 + end, created=NOON)
        for name, end in (("a", "00"), ("b", "01"))
    ]
    secret = MemorySecret(TokenDocument(tokens=tuple(twins)).encode())
    with pytest.raises(Refused, match="2 live tokens"):
        register(secret).revoke("abababab")
    assert secret.live() == {"a", "b"}


def test_a_mistyped_token_is_called_so(secret: MemorySecret) -> None:
    token = register(secret).create("ci")
    with pytest.raises(Refused, match="mistyped"):
        register(secret).revoke(token[:-1])


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "-a", "a" * 65, "a\n"])
def test_a_name_that_a_log_line_could_not_bear_is_refused(secret: MemorySecret, name: str) -> None:
    with pytest.raises(Refused, match="no name"):
        register(secret).create(name)
    assert secret.versions == []


def test_a_full_secret_says_what_to_do() -> None:
    many = tuple(
        Token(name="n" * 60, sha256=f"{number:064x}", created=NOON) for number in range(400)
    )
    secret = MemorySecret(TokenDocument(tokens=many).encode())
    with pytest.raises(Refused, match=f"the secret is full: 401 .* {MAX_SIZE} are allowed; revoke"):
        register(secret).create("ci")


def test_a_secret_that_holds_something_else_is_left_alone_and_not_quoted() -> None:
    secret = MemorySecret(b"password")
    with pytest.raises(Refused, match="versions/1 holds no document") as raised:
        register(secret).create("ci")
    assert "password" not in str(raised.value)
    assert secret.versions == [b"password"]


Act = Callable[[], object]


def overtaken(secret: MemorySecret, acts: Sequence[Act]) -> None:
    """Begin the first act; when it has read and is about to write, let the others overtake it."""
    first, *others = acts
    secret.meanwhile = [lambda: overtaken(secret, others)] if others else []
    first()


@pytest.mark.parametrize("others", [1, 2, 5])
def test_tokens_that_were_made_in_between_stay(secret: MemorySecret, others: int) -> None:
    register(secret).create("before")
    names = ["ci", *(f"other-{number}" for number in range(others))]
    overtaken(secret, [partial(register(secret).create, name) for name in names])
    assert secret.live() == {"before", *names}


def test_a_token_that_was_revoked_in_between_stays_revoked(secret: MemorySecret) -> None:
    register(secret).create("leaked")

    def revoke() -> None:
        register(secret).revoke("leaked")

    secret.meanwhile = [revoke]
    register(secret).create("ci")
    assert secret.live() == {"ci"}


def test_whoever_reads_too_old_a_version_loses_nothing(secret: MemorySecret) -> None:
    for name in ("a", "b", "c"):
        register(secret).create(name)
    stale, now = secret.version(1), register(secret)
    secret.latest = lambda: stale  # type: ignore[method-assign]  # the alias may be behind
    now.create("ci")
    assert secret.live() == {"a", "b", "c", "ci"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_three_writers_at_once_lose_nothing(secret: MemorySecret, order: tuple[int, ...]) -> None:
    register(secret).create("leaked")
    acts: list[Act] = [
        lambda: register(secret).create("a"),
        lambda: register(secret).revoke("leaked"),
        lambda: register(secret).create("b"),
    ]
    overtaken(secret, [acts[number] for number in order])
    assert secret.live() == {"a", "b"}
