"""The command's words, without a secret manager; with one: tests/contract/test_tokens.py."""

from argparse import ArgumentTypeError
from datetime import timedelta

import pytest

from access.register import TokenRegister
from cloud.secrets import SecretVersion
from proxy.tokens import arguments, duration, run
from schemas.tokens import TokenDocument, is_token
from testing.fakes.examples import NOON


class OneVersion:
    """A secret of which only the last version matters."""

    def __init__(self) -> None:
        self.number, self.data = 1, TokenDocument(tokens=()).encode()

    def latest(self) -> SecretVersion:
        return self.version(self.number)

    def version(self, number: int) -> SecretVersion:
        return SecretVersion(f"versions/{number}", self.data)

    def add(self, data: bytes) -> int:
        self.number, self.data = self.number + 1, data
        return self.number


@pytest.fixture
def register() -> TokenRegister:
    return TokenRegister(OneVersion(), lambda: NOON)


def said(register: TokenRegister, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    run(arguments(words), register)
    return capsys.readouterr().out


def test_create_prints_the_token_and_nothing_else(
    register: TokenRegister, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = said(
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
    [token] = register.tokens()
    assert (token.name, token.projects, token.scopes) == ("ci", ("a-*",), ("read",))
    assert token.expires == NOON + timedelta(weeks=1)


def test_list_prints_a_line_a_token(
    register: TokenRegister, capsys: pytest.CaptureFixture[str]
) -> None:
    said(register, capsys, "create", "ci")
    said(register, capsys, "create", "team", "--project", "a", "--expires-in", "12h")
    first, second = (line.split() for line in said(register, capsys, "list").splitlines())
    assert [first[0], *first[4:]] == ["ci", "never", "read,*"]
    assert [second[0], *second[4:]] == ["team", "2026-11-25T00:00Z", "read,a"]


def test_revoke_prints_what_ended(
    register: TokenRegister, capsys: pytest.CaptureFixture[str]
) -> None:
    said(register, capsys, "create", "ci")
    said(register, capsys, "create", "ci")
    assert [line.split()[:2] for line in said(register, capsys, "revoke", "ci").splitlines()] == [
        ["revoked", "ci"],
        ["revoked", "ci"],
    ]


@pytest.mark.parametrize(("text", "hours"), [("1h", 1), ("90d", 2160), ("4w", 672)])
def test_a_duration_is_hours_days_or_weeks(text: str, hours: int) -> None:
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "1y", "1.5d", "999999d", "1d\n"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="12h, 90d or 4w"):
        duration(text)
