"""Command line of ``proxy.tokens``. ``tests/contract/test_secrets.py`` tests it with a secret."""

from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO

import pytest

from access.errors import TokenStoreError
from access.last_use import LastUses
from access.token_store import TokenStore
from proxy.tokens import parse_arguments, parse_duration, read_token, run
from schemas.tokens import Token, TokenDocument, hash_token, is_token
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret

NO_LOG = LastUses({}, "no log")


@pytest.fixture
def register() -> TokenStore:
    return TokenStore(MemorySecret(), lambda: NOON)


def run_command(
    register: TokenStore,
    capsys: pytest.CaptureFixture[str],
    *words: str,
    stdin: bytes = b"",
    uses: LastUses = NO_LOG,
) -> str:
    run(parse_arguments(words), register, lambda _: uses, BytesIO(stdin))
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
    header, *lines = run_command(register, capsys, "list").splitlines()
    assert header.split() == [
        "NAME",
        "DIGEST",
        "STATE",
        "CREATED",
        "EXPIRES",
        "LAST",
        "USE",
        "SCOPE",
    ]
    first, second = (line.split() for line in lines)
    assert [first[0], *first[4:]] == ["ci", "never", "unknown", "read,*"]
    assert [second[0], *second[4:]] == ["team", "2026-11-25T00:00Z", "unknown", "read,a"]


def test_list_prints_the_last_day_of_use(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ci", "team"):
        run_command(register, capsys, "create", name)
    uses = LastUses({"ci": NOON.date()})
    _, *lines = run_command(register, capsys, "list", uses=uses).splitlines()
    assert [line.split()[5] for line in lines] == ["2026-11-24", "unused"]


def test_list_names_the_reason_of_an_unknown_last_use(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    register.create("ci")
    run(parse_arguments(["list"]), register, lambda _: LastUses({}, "no right"), BytesIO())
    assert capsys.readouterr().err == "proxy.tokens: the last use is not known: no right\n"


def test_list_without_tokens_prints_a_note_and_does_not_search(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(tokens: Sequence[Token]) -> LastUses:
        raise AssertionError(tokens)

    run(parse_arguments(["list"]), register, fail, BytesIO())
    assert capsys.readouterr() == ("", "The secret has no tokens, or does not exist.\n")


def test_list_escapes_the_text_of_an_edited_document(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("a\x1b[2J", "a\nb", "\u202ea")
    tokens = tuple(
        Token(name=name, sha256=hash_token(name), projects=("\x07*",), created=NOON)
        for name in names
    )
    register = TokenStore(MemorySecret(TokenDocument(tokens=tokens).encode()), lambda: NOON)
    printed = run_command(register, capsys, "list")
    assert all(line.isprintable() for line in printed.splitlines())
    assert len(printed.splitlines()) == 1 + len(names)


def test_a_revoked_token_has_no_scope(
    register: TokenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    run_command(register, capsys, "create", "ci")
    run_command(register, capsys, "revoke", "ci")
    _, line = run_command(register, capsys, "list").splitlines()
    assert [line.split()[i] for i in (2, 6)] == ["ended", "-"]


@pytest.mark.parametrize("space", ["", "\n", "\r\n", " \t\n\n"])
def test_revoke_reads_a_token_from_standard_input(
    register: TokenStore, capsys: pytest.CaptureFixture[str], space: str
) -> None:
    token = run_command(register, capsys, "create", "ci").strip()
    run_command(register, capsys, "create", "ci")
    stdin = f"{space}{token}{space}".encode()
    printed = run_command(register, capsys, "revoke", "-", stdin=stdin)
    assert printed == f"revoked ci {hash_token(token)[:12]}\n"
    assert [each.is_live(NOON) for each in register.list_tokens()] == [False, True]


@pytest.mark.parametrize("stdin", [b"", b" \n", b"one two", b"one\ntwo\n", b"x" * 8193])
def test_standard_input_must_have_one_token(
    register: TokenStore, capsys: pytest.CaptureFixture[str], stdin: bytes
) -> None:
    with pytest.raises(TokenStoreError, match=r"^standard input .*: it must have one token$"):
        run_command(register, capsys, "revoke", "-", stdin=stdin)


@pytest.mark.parametrize("stdin", [b"ci", b"password", b"gcpypi_password", b"\xff\xfe"])
def test_other_standard_input_is_refused_and_not_quoted(
    register: TokenStore, capsys: pytest.CaptureFixture[str], stdin: bytes
) -> None:
    run_command(register, capsys, "create", "ci")
    with pytest.raises(TokenStoreError, match=r"is no token|mistyped or incomplete") as raised:
        run_command(register, capsys, "revoke", "-", stdin=stdin)
    assert "password" not in str(raised.value)
    assert [each.is_live(NOON) for each in register.list_tokens()] == [True]


class Terminal(BytesIO):
    def isatty(self) -> bool:
        return True


def test_the_end_of_the_input_of_a_terminal_is_no_token() -> None:
    def ask(prompt: str) -> str:
        raise EOFError

    with pytest.raises(TokenStoreError, match="standard input is empty"):
        read_token(Terminal(), ask)


def test_a_terminal_is_asked_without_echo() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return " gcpypi_x "

    assert read_token(Terminal(b"not read"), ask) == "gcpypi_x"
    assert asked == ["Token: "]


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
