"""The secret of the tokens, and ``gcpypi token``, on the Secret Manager stand-in over gRPC.

Tested modules: ``cloud.secrets``, ``access.token_store``, ``gcpypi.operating.token_secret``.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import grpc
import pytest

from access.token_set import TokenSet
from access.token_store import TokenStore
from cloud import secrets
from cloud.errors import NotFound, Unavailable, Unreadable
from cloud.secrets import Secret
from schemas.tokens import generate_token, hash_token, is_token
from testing.processes import Process, find_free_port


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    address = f"127.0.0.1:{find_free_port()}"
    module = [sys.executable, "-m", "local.stand_ins.secret_manager"]
    command = [*module, f"--port={address.split(':')[1]}"]
    with Process(command, stdout=subprocess.DEVNULL):
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=600)
        yield address


@pytest.fixture
def name(host: str) -> str:
    name = f"tokens-{uuid4().hex}"
    client = secrets.connect(host)
    client.create_secret(
        request={
            "parent": "projects/contract",
            "secret_id": name,
            "secret": {"replication": {"automatic": {}}},
        }
    )
    return name


@pytest.fixture
def secret(host: str, name: str) -> Secret:
    return Secret(secrets.connect(host), "contract", name)


def test_versions_are_numbered_as_they_are_added(secret: Secret) -> None:
    assert [secret.add(data) for data in (b"a", b"b")] == [1, 2]
    assert (secret.access_latest().number, secret.access_latest().data) == (2, b"b")
    assert (secret.access_version(1).number, secret.access_version(1).data) == (1, b"a")


def test_what_is_not_there_is_not_found(host: str, secret: Secret) -> None:
    with pytest.raises(NotFound):
        secret.access_latest()
    with pytest.raises(NotFound):
        secret.access_version(7)
    with pytest.raises(NotFound):
        Secret(secrets.connect(host), "contract", "absent").add(b"a")


def test_a_too_large_version_is_unavailable(secret: Secret) -> None:
    with pytest.raises(Unavailable):
        secret.add(b"a" * 65537)


def test_an_unreachable_secret_manager_is_unavailable() -> None:
    client = secrets.connect("127.0.0.1:9")
    with pytest.raises(Unavailable):
        Secret(client, "contract", "tokens").add(b"a")


def test_concurrent_writers_lose_no_token(host: str, name: str) -> None:
    def create(number: int) -> str:
        secret = Secret(secrets.connect(host), "contract", name)
        return TokenStore(secret, lambda: datetime.now(UTC)).create(f"ci-{number}")

    with ThreadPoolExecutor(6) as threads:
        tokens = list(threads.map(create, range(12)))
    latest = Secret(secrets.connect(host), "contract", name).access_latest()
    found = TokenSet.read(latest.data, latest.name)
    holders = [found.find(token, datetime.now(UTC)) for token in tokens]
    assert [holder and holder.name for holder in holders] == [f"ci-{n}" for n in range(12)]


class TokenCommand:
    """The command ``gcpypi token`` with the stand-in."""

    def __init__(self, host: str, name: str) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "GCPYPI_GCP_PROJECT": "contract",
            "GCPYPI_TOKENS_SECRET": name,
            "SECRET_MANAGER_EMULATOR_HOST": host,
        }

    def __call__(
        self, *arguments: str, without: str = "", stdin: str = "", **settings: str
    ) -> tuple[int, str, str]:
        environment = {**self._environment, **settings}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "gcpypi", "token", *arguments],
            env={key: value for key, value in environment.items() if key != without},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def command(host: str, name: str) -> TokenCommand:
    return TokenCommand(host, name)


def test_the_command_creates_lists_and_revokes(command: TokenCommand, secret: Secret) -> None:
    status, printed, note = command(
        "create", "ci", "--project", "acme-*", "--project", "lib", "--expires-in", "90d"
    )
    token = printed.strip()
    assert (status, is_token(token)) == (0, True)
    assert "not shown again" in note
    latest = secret.access_latest()
    holder = TokenSet.read(latest.data, latest.name).find(token, datetime.now(UTC))
    assert holder is not None
    assert (holder.name, holder.projects, holder.scopes) == ("ci", ("acme-*", "lib"), ("read",))

    status, listed, note = command("list")
    assert status == 0
    assert [listed.splitlines()[1].split()[i] for i in (0, 1, 2, 5)] == [
        *("ci", holder.sha256[:12], "live", "unknown"),
    ]
    assert token not in listed
    assert note == (
        "gcpypi: the last use is not known: the local index does not use Cloud Logging\n"
    )

    assert command("revoke", "ci") == (0, f"revoked ci {holder.sha256[:12]}\n", "")
    latest = secret.access_latest()
    assert TokenSet.read(latest.data, latest.name).find(token, datetime.now(UTC)) is None
    assert command("list")[1].splitlines()[1].split()[2] == "ended"


def test_the_command_revokes_a_token_from_standard_input(command: TokenCommand) -> None:
    token = command("create", "ci")[1].strip()
    status, printed, note = command("revoke", "-", stdin=f"{token}\n")
    assert (status, printed.split()[:2], note) == (0, ["revoked", "ci"], "")
    status, printed, error = command("revoke", "-", stdin=token)
    assert (status, printed) == (1, "")
    assert error.startswith("gcpypi: the token is not live any more: 'ci' ")
    assert token not in error


def test_the_command_names_a_token_that_is_in_no_version(
    command: TokenCommand, secret: Secret
) -> None:
    secret.add(b'{"tokens":[]}')
    token = generate_token()
    status, printed, error = command("revoke", "-", stdin=token)
    assert (status, printed) == (1, "")
    assert f"no token has the digest {hash_token(token)[:12]}: it is of another index" in error
    assert token not in error


@pytest.mark.parametrize(
    ("act", "state", "arguments"),
    [("disable", "DISABLED", ("create", "other")), ("destroy", "DESTROYED", ("revoke", "ci"))],
)
def test_a_disabled_or_destroyed_latest_version_is_not_replaced(
    host: str,
    command: TokenCommand,
    secret: Secret,
    act: str,
    state: str,
    arguments: tuple[str, ...],
) -> None:
    secret.add(b'{"tokens":[]}')
    latest, client = secret.access_latest().name, secrets.connect(host)
    getattr(client, f"{act}_secret_version")(request={"name": latest})
    with pytest.raises(Unreadable, match=f"versions/1.* is in {state} state"):
        secret.access_latest()
    status, printed, error = command(*arguments)
    assert (status, printed) == (4, "")
    assert f"is in {state} state" in error
    assert "Enable the version, or add the last good version again" in error
    assert "Traceback" not in error
    assert secret.add(b"{}") == 2


def test_a_destroyed_older_version_does_not_matter(
    host: str, command: TokenCommand, secret: Secret
) -> None:
    secret.add(b'{"tokens":[]}')
    oldest = secret.access_latest().name
    secret.add(b'{"tokens":[]}')
    secrets.connect(host).destroy_secret_version(request={"name": oldest})
    assert command("create", "ci")[0] == 0


def test_a_missing_secret_is_named_with_its_settings(command: TokenCommand) -> None:
    status, printed, error = command("create", "ci", GCPYPI_TOKENS_SECRET="absent")
    assert (status, printed) == (4, "")
    assert "Secret [projects/contract/secrets/absent] not found" in error
    assert "Check GCPYPI_GCP_PROJECT and GCPYPI_TOKENS_SECRET" in error
    publishing = ("create", "ci", "--publish", "--uploader", "acme", "--project", "*")
    status, printed, error = command(*publishing, GCPYPI_UPLOADERS_SECRET="absent")
    assert (status, printed) == (4, "")
    assert "Check GCPYPI_GCP_PROJECT and GCPYPI_UPLOADERS_SECRET" in error
    listed = command("list", GCPYPI_TOKENS_SECRET="absent")
    assert listed == (0, "", "The secret has no tokens, or does not exist.\n")


def test_missing_credentials_are_a_sentence(command: TokenCommand) -> None:
    status, printed, error = command(
        "list",
        without="SECRET_MANAGER_EMULATOR_HOST",
        GOOGLE_APPLICATION_CREDENTIALS="/nonexistent.json",
    )
    assert (status, printed) == (4, "")
    assert "gcloud auth application-default login" in error
    assert "Traceback" not in error


def test_a_document_of_a_newer_gcpypi_is_not_replaced(
    command: TokenCommand, secret: Secret
) -> None:
    newer = b'{"schema_version":2,"holders":[]}'
    secret.add(newer)
    status, printed, error = command("create", "ci")
    assert (status, printed) == (1, "")
    assert "schema_version 2 is newer than 1, the version of this program" in error
    assert (secret.access_latest().number, secret.access_latest().data) == (1, newer)


def test_the_command_reports_an_impossible_request(command: TokenCommand) -> None:
    status, printed, error = command("revoke", "unknown")
    assert (status, printed) == (1, "")
    assert "no live tokens match 'unknown'" in error
    assert "Traceback" not in error


def test_the_command_names_the_settings_of_the_index(command: TokenCommand) -> None:
    status, _, error = command("list", without="GCPYPI_TOKENS_SECRET")
    assert (status, "no index: set GCPYPI_INDEX_URL" in error) == (2, True)


def test_the_command_rotates_a_token(command: TokenCommand, secret: Secret) -> None:
    old = command("create", "ci", "--project", "acme-*", "--expires-in", "90d")[1].strip()

    status, printed, note = command("rotate", "ci", "--name", "ci-2")

    new, now = printed.strip(), datetime.now(UTC)
    assert (status, is_token(new)) == (0, True)
    assert note.endswith("run: gcpypi token revoke ci\n")
    tokens = TokenSet.read(secret.access_latest().data, "latest")
    holders = [tokens.find(each, now) for each in (old, new)]
    assert [each and (each.name, each.projects) for each in holders] == [
        ("ci", ("acme-*",)),
        ("ci-2", ("acme-*",)),
    ]


@pytest.mark.parametrize("duration", ["90", "0d", "-1d", "1y", "999999d", ""])
def test_the_command_refuses_an_invalid_duration(command: TokenCommand, duration: str) -> None:
    status, _, error = command("create", "ci", "--expires-in", duration)
    assert (status, "--expires-in" in error) == (2, True)
