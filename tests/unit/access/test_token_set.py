import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from access.token_set import STALE_READ_PERIOD, TokenSet, create_loader
from cloud.errors import NotFound, Unreadable
from cloud.secrets import SecretVersion
from schemas.names import ProjectName
from testing.fakes.examples import NOON
from testing.memory_proxy import TOKEN, TOKENS, make_entry

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def create_token_set(*entries: dict[str, object]) -> TokenSet:
    return TokenSet.read(json.dumps({"tokens": entries}).encode(), "tokens/versions/1")


def find_name(tokens: TokenSet, secret: str, now: datetime = NOW) -> str | None:
    token = tokens.find(secret, now)
    return token.name if token else None


def test_a_token_is_found_by_its_digest() -> None:
    tokens = create_token_set(make_entry("one", "ci"), make_entry("two", "team"))
    assert [find_name(tokens, secret) for secret in ("one", "two", "three", "")] == [
        "ci",
        "team",
        None,
        None,
    ]


def test_a_digest_is_not_accepted_as_a_token() -> None:
    assert (
        find_name(create_token_set(make_entry("one", "ci")), hashlib.sha256(b"one").hexdigest())
        is None
    )


def test_two_tokens_of_one_name_are_both_live() -> None:
    tokens = create_token_set(make_entry("old", "ci"), make_entry("new", "ci"))
    assert (find_name(tokens, "old"), find_name(tokens, "new")) == ("ci", "ci")


def test_a_token_ends_at_its_expiry() -> None:
    tokens = create_token_set(make_entry("one", "ci", expires="2026-11-24T12:00:00Z"))
    assert find_name(tokens, "one", NOW - timedelta(microseconds=1)) == "ci"
    assert find_name(tokens, "one", NOW) is None


@pytest.mark.parametrize("order", [1, -1])
def test_the_earlier_end_of_a_repeated_entry_counts(order: int) -> None:
    entries = make_entry("one", "ci"), make_entry("one", "ci", expires="2026-11-24T12:00:00Z")
    assert find_name(create_token_set(*entries[::order]), "one") is None


def test_a_token_that_is_not_ascii_is_digested_as_utf_8() -> None:
    assert find_name(create_token_set(make_entry("gcpypi_ä", "ci")), "gcpypi_ä") == "ci"


@pytest.mark.parametrize(
    ("globs", "project", "expected"),
    [
        (["*"], "anything", True),
        (["acme-*"], "acme-tool", True),
        (["Acme_*"], "acme-tool", True),
        (["acme-*"], "acme", False),
        (["a", "b"], "b", True),
        ([], "a", False),
    ],
)
def test_a_tokens_projects_are_globs_over_normalised_names(
    globs: list[str], project: str, expected: bool
) -> None:
    token = create_token_set(make_entry("one", "ci", projects=globs)).find("one", NOW)
    assert token is not None
    assert token.can_read(ProjectName(project)) is expected


def test_a_token_that_is_not_for_reading_reads_nothing() -> None:
    token = create_token_set(make_entry("one", "ci", scopes=["upload"])).find("one", NOW)
    assert token is not None
    assert not token.can_read(ProjectName("acme"))
    assert not token.can_read_everything()


def test_an_empty_token_set_accepts_no_token() -> None:
    assert find_name(create_token_set(), "one") is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"gcpypi_secret",
        b'{"tokens": 1}',
        b'{"tokens":[{"name":"ci","sha256":"gcpypi_secret","created":"2026-11-01T00:00:00Z"}]}',
        b'{"tokens":[{"sha256":"gcpypi_secret"}]}',
    ],
)
def test_a_broken_document_is_unreadable_and_never_quoted(data: bytes) -> None:
    with pytest.raises(Unreadable) as raised:
        TokenSet.read(data, "tokens/versions/9")
    assert "tokens/versions/9" in str(raised.value)
    assert "gcpypi_secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_error_of_a_newer_document_names_its_version() -> None:
    with pytest.raises(Unreadable, match=r"versions/9: schema_version 2 is newer than 1"):
        TokenSet.read(b'{"schema_version":2,"holders":[]}', "tokens/versions/9")


async def test_the_tokens_are_read_from_the_latest_version() -> None:
    version = SecretVersion("tokens/versions/7", json.dumps({"tokens": TOKENS}).encode())
    tokens = await read(lambda: version)
    assert tokens.find(TOKEN, NOON) is not None


async def test_a_deleted_secret_is_unreadable_and_not_empty() -> None:
    def raise_not_found() -> SecretVersion:
        raise NotFound("tokens/versions/latest")

    with pytest.raises(Unreadable, match="tokens/versions/latest"):
        await read(raise_not_found)


def create_version(number: int, document: object) -> Callable[[], SecretVersion]:
    data = json.dumps(document).encode()
    return lambda: SecretVersion(f"tokens/versions/{number}", data)


async def test_an_older_version_does_not_restore_revoked_tokens() -> None:
    answers = iter((create_version(8, {"tokens": []}), create_version(7, {"tokens": TOKENS})))
    now = 0.0

    read = create_loader(lambda: next(answers)(), lambda: now)
    revoked = await read(None)
    now = STALE_READ_PERIOD - 1
    with pytest.raises(Unreadable, match="tokens/versions/7: older than version 8"):
        await read(revoked)


async def test_a_recreated_secret_is_accepted_after_some_time() -> None:
    answers = iter((create_version(8, {"tokens": []}), create_version(1, {"tokens": TOKENS})))
    now = 0.0

    read = create_loader(lambda: next(answers)(), lambda: now)
    last = await read(None)
    now = STALE_READ_PERIOD
    assert (await read(last)).find(TOKEN, NOON) is not None


async def read(latest: Callable[[], SecretVersion]) -> TokenSet:
    return await create_loader(latest, lambda: 0.0)(None)
