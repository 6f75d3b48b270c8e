"""``gcpypi token``. ``tests/contract/test_secrets.py`` tests it with Secret Manager's stand-in."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import BytesIO

import pytest

from access.errors import TokenStoreError
from access.last_use import LastUses
from access.token_store import TokenStore
from gcpypi.errors import CommandFailure
from gcpypi.operating.token_changes import create_token, print_revocations, rotate_token
from gcpypi.operating.token_list import list_tokens
from gcpypi.operating.token_values import name_successor, parse_duration, read_token
from schemas.tokens import Token, TokenDocument, hash_token, is_token
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret

NO_LOG = LastUses({}, "no log")
Output = Callable[[], tuple[str, str]]


@pytest.fixture
def store() -> TokenStore:
    return TokenStore(MemorySecret(), lambda: NOON)


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Output:
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value] # two streams


def rotate(
    store: TokenStore,
    selector: str,
    *,
    name: str | None = None,
    expires_in: timedelta | None = None,
    revoke_old: bool = False,
) -> None:
    rotate_token(store, selector, NOON, name=name, expires_in=expires_in, revoke_old=revoke_old)


def print_list(store: TokenStore, uses: LastUses = NO_LOG, *, as_json: bool = False) -> None:
    list_tokens(store.list_tokens(), lambda _: uses, NOON, as_json=as_json)


def test_create_prints_the_token_alone_to_standard_output(
    store: TokenStore, output: Output
) -> None:
    create_token(store, "ci", ["a-*"], timedelta(weeks=1))

    printed, note = output()
    assert is_token(printed.removesuffix("\n"))
    assert note == "This token is not shown again: only its digest is stored.\n"
    [token] = store.list_tokens()
    assert (token.name, token.projects, token.scopes) == ("ci", ("a-*",), ("read",))
    assert token.expires == NOON + timedelta(weeks=1)


def test_a_token_without_projects_is_for_all(store: TokenStore) -> None:
    create_token(store, "ci", (), None)

    [token] = store.list_tokens()
    assert (token.projects, token.expires) == (("*",), None)


def test_the_successor_has_the_projects_and_the_lifetime_of_the_old_token(
    store: TokenStore, output: Output
) -> None:
    store.create("ci", projects=["acme-*", "tool"], expires_in=timedelta(days=90))

    rotate(store, "ci")

    printed, note = output()
    old, new = store.list_tokens()
    assert hash_token(printed.strip()) == new.sha256
    assert (new.name, new.projects, new.expires) == ("ci-2026-11", old.projects, old.expires)
    assert old.is_live(NOON)
    assert note == (
        "This token, ci-2026-11, is not shown again: only its digest is stored.\n"
        "Give it to its holder. When gcpypi token list shows no recent use of ci, run: "
        "gcpypi token revoke ci\n"
    )


def test_after_a_leak_the_old_token_is_revoked_at_once(store: TokenStore, output: Output) -> None:
    leaked = hash_token(store.create("ci"))

    rotate(store, "ci", revoke_old=True)

    printed, note = output()
    assert is_token(printed.strip())
    assert note.endswith(f"\nrevoked ci {leaked[:12]}\n")
    assert [(each.name, each.is_live(NOON)) for each in store.list_tokens()] == [
        ("ci", False),
        ("ci-2026-11", True),
    ]


def test_a_successor_of_the_same_name_is_revoked_by_its_digest(
    store: TokenStore, output: Output
) -> None:
    old = hash_token(store.create("ci"))
    rotate(store, "ci", name="ci", expires_in=timedelta(days=1))
    assert output()[1].endswith(f"gcpypi token revoke {old[:12]}\n")


def test_same_name_and_immediate_revocation_keep_the_new_token(store: TokenStore) -> None:
    store.create("ci")
    rotate(store, "ci", name="ci", revoke_old=True)
    assert [each.is_live(NOON) for each in store.list_tokens()] == [False, True]


def test_tokens_of_one_name_with_different_projects_have_no_common_successor(
    store: TokenStore,
) -> None:
    digests = [hash_token(store.create("ci", projects=[project])) for project in ("a", "b")]

    with pytest.raises(CommandFailure, match="give the digest of one of them") as failure:
        rotate(store, "ci")

    assert all(digest[:12] in str(failure.value) for digest in digests)
    assert len(store.list_tokens()) == 2
    rotate(store, digests[1][:12])
    assert store.list_tokens()[-1].projects == ("b",)


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("ci", (), "ci-2026-11"),
        ("ci-2026-08", (), "ci-2026-11"),
        ("ci-2026-11", ("ci-2026-11",), "ci-2026-11-24"),
        ("ci-2026-11-02", ("ci-2026-11",), "ci-2026-11-24"),
    ],
)
def test_the_name_of_a_successor_has_the_month_or_the_day(
    name: str, taken: Sequence[str], expected: str
) -> None:
    assert name_successor(name, taken, NOON) == expected


def test_a_third_successor_of_a_day_needs_a_name() -> None:
    with pytest.raises(CommandFailure, match="choose a name with --name"):
        name_successor("ci", ("ci-2026-11", "ci-2026-11-24"), NOON)


def test_list_prints_a_line_a_token(store: TokenStore, output: Output) -> None:
    store.create("ci")
    store.create("team", projects=["a"], expires_in=timedelta(hours=12))

    print_list(store)

    printed, note = output()
    header, *lines = printed.splitlines()
    assert header.split() == "name digest state created expires last use scope".split()  # noqa: SIM905
    first, second = (line.split() for line in lines)
    assert [first[0], *first[4:]] == ["ci", "never", "unknown", "read,*"]
    assert [second[0], *second[4:]] == ["team", "2026-11-25T00:00Z", "unknown", "read,a"]
    assert note == "gcpypi: the last use is not known: no log\n"


def test_list_prints_the_last_day_of_use(store: TokenStore, output: Output) -> None:
    for name in ("ci", "team"):
        store.create(name)
    print_list(store, LastUses({"ci": NOON.date()}))
    _, *lines = output()[0].splitlines()
    assert [line.split()[5] for line in lines] == ["2026-11-24", "unused"]


def test_json_has_the_digest_and_never_the_token(store: TokenStore, output: Output) -> None:
    token = store.create("ci", projects=["a"])

    print_list(store, as_json=True)

    printed, _ = output()
    assert json.loads(printed) == [
        {
            "name": "ci",
            "sha256": hash_token(token),
            "scopes": ["read"],
            "projects": ["a"],
            "created": "2026-11-24T12:00:00Z",
            "expires": None,
            "state": "live",
            "last_use": "unknown",
        }
    ]
    assert token not in printed


@pytest.mark.parametrize(("as_json", "printed"), [(False, ""), (True, "[]\n")])
def test_list_without_tokens_prints_a_note_and_does_not_search(
    output: Output, as_json: bool, printed: str
) -> None:
    def fail(tokens: Sequence[Token]) -> LastUses:
        raise AssertionError(tokens)

    list_tokens((), fail, NOON, as_json=as_json)
    assert output() == (printed, "The secret has no tokens, or does not exist.\n")


def test_list_escapes_the_text_of_an_edited_document(output: Output) -> None:
    names = ("a\x1b[2J", "a\nb", "\u202ea", "[bold]x")
    tokens = tuple(
        Token(name=name, sha256=hash_token(name), projects=("\x07*",), created=NOON)
        for name in names
    )
    print_list(TokenStore(MemorySecret(TokenDocument(tokens=tokens).encode()), lambda: NOON))

    printed, _ = output()
    assert all(line.isprintable() for line in printed.splitlines())
    assert len(printed.splitlines()) == 1 + len(names)
    assert "[bold]x" in printed


def test_a_revoked_token_has_no_scope(store: TokenStore, output: Output) -> None:
    store.create("ci")
    store.revoke("ci")
    print_list(store)
    _, line = output()[0].splitlines()
    assert [line.split()[i] for i in (2, 6)] == ["ended", "-"]


def test_a_revocation_prints_the_ended_tokens(store: TokenStore, output: Output) -> None:
    digests = [hash_token(store.create("ci"))[:12] for _ in range(2)]
    print_revocations(store.revoke("ci"))
    assert output() == ("".join(f"revoked ci {digest}\n" for digest in digests), "")


def test_a_mistyped_name_is_answered_with_the_nearest_one(store: TokenStore) -> None:
    store.create("ci-readers")
    with pytest.raises(TokenStoreError, match=r"match 'ci-reader'; did you mean 'ci-readers'\?"):
        store.revoke("ci-reader")


@pytest.mark.parametrize("space", ["", "\n", "\r\n", " \t\n\n"])
def test_a_token_is_read_from_standard_input(space: str) -> None:
    assert read_token(BytesIO(f"{space}gcpypi_x{space}".encode())) == "gcpypi_x"


@pytest.mark.parametrize("stdin", [b"", b" \n", b"one two", b"one\ntwo\n", b"x" * 8193])
def test_standard_input_must_have_one_token(stdin: bytes) -> None:
    with pytest.raises(CommandFailure, match=r"^standard input .*: it must have one token$"):
        read_token(BytesIO(stdin))


@pytest.mark.parametrize("stdin", [b"ci", b"password", b"gcpypi_password", b"\xff\xfe"])
def test_other_standard_input_is_refused_and_not_quoted(store: TokenStore, stdin: bytes) -> None:
    store.create("ci")
    with pytest.raises(TokenStoreError, match=r"is no token|mistyped or incomplete") as raised:
        store.revoke_value(read_token(BytesIO(stdin)))
    assert "password" not in str(raised.value)
    assert [each.is_live(NOON) for each in store.list_tokens()] == [True]


class Terminal(BytesIO):
    def isatty(self) -> bool:
        return True


def test_the_end_of_the_input_of_a_terminal_is_no_token() -> None:
    def ask(prompt: str) -> str:
        raise EOFError

    with pytest.raises(CommandFailure, match="standard input is empty"):
        read_token(Terminal(), ask)


def test_a_terminal_is_asked_without_echo() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return " gcpypi_x "

    assert read_token(Terminal(b"not read"), ask) == "gcpypi_x"
    assert asked == ["Token: "]


@pytest.mark.parametrize(("text", "hours"), [("1h", 1), ("90d", 2160), ("4w", 672)])
def test_a_duration_is_hours_days_or_weeks(text: str, hours: int) -> None:
    assert parse_duration(text) == timedelta(hours=hours)
