"""Command line of ``proxy.tokens``. ``tests/contract/test_secrets.py`` tests it with a secret."""

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from access.token_store import TokenStore
from cloud.secrets import SecretVersion
from proxy.tokens import parse_arguments, parse_duration, run
from schemas.tokens import TokenDocument, is_token
from testing.fakes.examples import NOON


class LatestVersionSecret:
    """Secret in memory with one version."""

    def __init__(self) -> None:
        self.number, self.data = 1, TokenDocument(tokens=()).encode()

    def access_latest(self) -> SecretVersion:
        return self.access_version(self.number)

    def access_version(self, number: int) -> SecretVersion:
        return SecretVersion(f"versions/{number}", self.data)

    def add(self, data: bytes) -> int:
        self.number, self.data = self.number + 1, data
        return self.number


@pytest.fixture
def register() -> TokenStore:
    return TokenStore(LatestVersionSecret(), lambda: NOON)


def run_command(register: TokenStore, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    run(parse_arguments(words), register)
    return capsys.readouterr().out


def test_create_prints_the_token_and_nothing_else(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run_command(
        register,
        capsys,
        "create",
        "ci",
        "--project",
        "a-*",
        "--scope",
        "read",
        "--expires-in",
        "1w",
    )
    assert is_token(printed.rstrip("\n"))
    [token] = register.list_tokens()
    assert (token.name, token.projects, token.scopes) == ("ci", ("a-*",), ("read",))
    assert token.expires == NOON + timedelta(weeks=1)


def test_list_prints_a_line_a_token(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(register, capsys, "create", "ci")
    run_command(register, capsys, "create", "team", "--project", "a", "--expires-in", "12h")
    first, second = (line.split() for line in run_command(register, capsys, "list").splitlines())
    assert [first[0], *first[4:]] == ["ci", "never", "read,*"]
    assert [second[0], *second[4:]] == ["team", "2026-11-25T00:00Z", "read,a"]


def test_revoke_prints_the_ended_tokens(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(register, capsys, "create", "ci")
    run_command(register, capsys, "create", "ci")
    assert [
        line.split()[:2] for line in run_command(register, capsys, "revoke", "ci").splitlines()
    ] == [
        ["revoked", "ci"],
        ["revoked", "ci"],
    ]


@pytest.mark.parametrize(("text", "hours"), [("1h", 1), ("90d", 2160), ("4w", 672)])
def test_a_duration_is_hours_days_or_weeks(text: str, hours: int) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "1y", "1.5d", "999999d", "1d\n"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="12h, 90d or 4w"):
        parse_duration(text)
