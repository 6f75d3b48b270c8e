"""``gcpypi identity``, and ``gcpypi token --publish``, without Google Cloud.

Tested modules: ``gcpypi.operating.identity_claims``, ``gcpypi.operating.identity_changes``.
``tests/contract/test_secrets.py`` tests the commands with Secret Manager's stand-in.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access.identity_store import IdentityStore
from access.last_use import LastUses
from access.token_store import TokenStore
from gcpypi.errors import CommandFailure
from gcpypi.operating.identity_changes import add_identity, list_identities, remove_identity
from gcpypi.operating.identity_claims import GITHUB, GITLAB, GOOGLE, IdentityOptions
from gcpypi.operating.token_changes import create_token, rotate_token
from gcpypi.operating.token_list import list_tokens
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret
from unit.cli.command_run import run_command

Output = Callable[[], tuple[str, str]]


@pytest.fixture
def secret() -> MemorySecret:
    return MemorySecret()


@pytest.fixture
def store(secret: MemorySecret) -> IdentityStore:
    return IdentityStore(secret, lambda: NOON)


@pytest.fixture
def output(capsys: pytest.CaptureFixture[str]) -> Output:
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value] # two streams


def add(store: IdentityStore, name: str, options: IdentityOptions, **facts: Any) -> None:  # noqa: ANN401
    defaults = {"projects": (), "expires_in": None, "publish": False, "uploader": None}
    add_identity(store, name, options, **{**defaults, **facts})


@pytest.mark.parametrize(
    ("options", "issuer", "claims"),
    [
        (IdentityOptions(github="7"), GITHUB, {"repository_id": "7"}),
        (IdentityOptions(gitlab="7"), GITLAB, {"project_id": "7"}),
        (
            IdentityOptions("https://gitlab.acme.example", gitlab="7"),
            "https://gitlab.acme.example",
            {"project_id": "7"},
        ),
        (
            IdentityOptions(google_service_account="ci@acme.example"),
            GOOGLE,
            {"email": "ci@acme.example"},
        ),
        (
            IdentityOptions(github="7", claims=["environment=release", "sub=a=b"]),
            GITHUB,
            {"repository_id": "7", "environment": "release", "sub": "a=b"},
        ),
        (IdentityOptions("https://ci.example", ["sub=x"]), "https://ci.example", {"sub": "x"}),
    ],
)
def test_options_give_issuer_and_claims(
    options: IdentityOptions, issuer: str, claims: dict[str, str]
) -> None:
    assert options.build() == (issuer, claims)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (IdentityOptions(), "the issuer is missing"),
        (IdentityOptions(claims=["sub=x"]), "the issuer is missing"),
        (IdentityOptions(github="acme/tool"), "gh api repos/OWNER/REPO --jq .id"),
        (IdentityOptions(gitlab="acme/tool"), "a path can be taken over"),
        (IdentityOptions(google_service_account="ci"), "needs an email"),
        (IdentityOptions(github="7", gitlab="7"), "give only one of"),
        (IdentityOptions("https://ci.example", ["sub"]), "--claim needs NAME=VALUE, not 'sub'"),
        (IdentityOptions("https://ci.example", ["=x"]), "needs NAME=VALUE"),
        (IdentityOptions("https://ci.example", ["sub="]), "needs NAME=VALUE"),
        (IdentityOptions("https://ci.example", ["sub=a", "sub=b"]), "sub is given twice"),
        (IdentityOptions(github="7", claims=["repository_id=8"]), "repository_id is given twice"),
    ],
)
def test_missing_or_contradicting_options_are_refused(
    options: IdentityOptions, problem: str
) -> None:
    with pytest.raises(CommandFailure, match=problem):
        options.build()


def test_identities_are_added_listed_and_removed(store: IdentityStore, output: Output) -> None:
    add(store, "ci", IdentityOptions(github="7"), projects=["acme-*"])
    assert output() == (f"added ci repository_id=7 of {GITHUB}\n", "")
    add(
        store,
        "release",
        IdentityOptions(github="7", claims=["ref=refs/tags/*"]),
        publish=True,
        uploader="acme",
        expires_in=timedelta(days=1),
    )
    output()
    list_identities(store.list_identities(), NOON)
    lines = [line.split() for line in output()[0].splitlines()]
    assert lines == [
        ["name", "state", "created", "expires", "scope", "issuer", "claims"],
        [
            *("ci", "live", "2026-11-24", "never", "read,acme-*"),
            *("token.actions.githubusercontent.com", "repository_id=7"),
        ],
        [
            *("release", "live", "2026-11-24", "2026-11-25T12:00Z", "publish,*,as", "acme"),
            *("token.actions.githubusercontent.com", "repository_id=7", "'ref=refs/tags/*'"),
        ],
    ]
    remove_identity(store, "ci")
    assert output() == ("removed ci repository_id=7\n", "")
    list_identities(store.list_identities(), NOON, as_json=True)
    assert [(each["name"], each["state"]) for each in json.loads(output()[0])] == [
        ("ci", "ended"),
        ("release", "live"),
    ]


def test_an_unsafe_identity_of_a_document_is_marked(secret: MemorySecret, output: Output) -> None:
    entry = {"name": "bad", "issuer": GITHUB, "claims": {}, "created": "2026-11-24T12:00:00Z"}
    secret.versions.append(json.dumps({"tokens": [], "identities": [entry]}).encode())
    identities = IdentityStore(secret, lambda: NOON).list_identities()
    list_identities(identities, NOON)
    assert "unsafe" in output()[0]
    list_identities(identities, NOON, as_json=True)
    [found] = json.loads(output()[0])
    assert found["fault"].startswith("an exact claim is missing")


def test_an_empty_list_is_said_to_be_empty(output: Output) -> None:
    list_identities((), NOON)
    assert output() == ("", "The secret has no identities, or does not exist.\n")
    list_identities((), NOON, as_json=True)
    assert json.loads(output()[0]) == []


def test_a_token_for_publishing_lives_for_90_days_by_default(
    secret: MemorySecret, output: Output
) -> None:
    store = TokenStore(secret, lambda: NOON)
    create_token(store, "ci", ["acme-*"], None, publish=True, uploader="acme")
    rotate_token(store, "ci", NOON, name=None, expires_in=None, revoke_old=False)
    tokens = store.list_tokens()
    assert [(each.scopes, each.uploader, each.expires) for each in tokens] == [
        (("publish",), "acme", NOON + timedelta(days=90))
    ] * 2
    output()
    list_tokens(tokens, lambda _: LastUses({}, "no log"), NOON, as_json=True)
    assert [each["uploader"] for each in json.loads(output()[0])] == ["acme", "acme"]


@pytest.mark.parametrize("command", ["create", "list", "rotate", "revoke"])
def test_every_token_command_has_the_option_for_publishing(command: str) -> None:
    found = run_command("token", command, "--help", COLUMNS="120")
    assert (found.code, "--publish" in found.stdout) == (0, True)


def test_wrong_options_are_refused_before_any_request() -> None:
    found = run_command("identity", "add", "ci", "--github", "acme/tool", GCPYPI_INDEX_URL="")
    assert found.code == 2
    assert "gh api repos/OWNER/REPO" in found.stderr
