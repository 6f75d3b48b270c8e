"""Fixtures with the native runtime on free ports, for tests with real clients.

These tests import no product code; they use the product like a user.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from testing.processes import Process, run_if_killed
from testing.services.runtime_ports import find_runtime_ports

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
PATIENCE = 600.0
"""Time limit of a step in seconds; more than the goal of 5 s, because machines are shared."""


@dataclass(frozen=True)
class LocalIndex:
    """Running local index, with the environment of ``. .local/env``."""

    directory: Path
    environment: dict[str, str]
    output: str
    """Output of ``local up``."""
    runs: list[int] = field(default_factory=list)

    @property
    def index_url(self) -> str:
        return self.environment["GCPYPI_INDEX_URL"]

    @property
    def incoming(self) -> str:
        return self.environment["INCOMING_BUCKET"]

    @property
    def has_gcloud(self) -> bool:
        """True if gcloud is installed and works with the running Pub/Sub."""
        return "Google's emulator" in self.output

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a client in the environment of the runtime; a failure shows its output."""
        done = subprocess.run(
            [str(part) for part in command],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    def make_object_name(self, filename: str, uploader: str = "ci") -> str:
        """Return a new object name in the incoming bucket, with its own run id."""
        self.runs.append(1)
        return f"{uploader}/{time.time_ns()}-{len(self.runs)}/{filename}"

    def upload_file(self, filename: str, data: bytes, uploader: str = "ci") -> str:
        """Upload a file over the JSON API, which announces it; return the object name."""
        name = self.make_object_name(filename, uploader)
        path = f"/upload/storage/v1/b/{self.incoming}/o?uploadType=media&name={quote(name, '')}"
        url = self.environment["STORAGE_EMULATOR_HOST"] + path
        with urlopen(Request(url, data, {"Content-Type": "application/octet-stream"})):  # noqa: S310
            return name

    def read_objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Return the objects of a bucket by name."""
        base = self.environment["STORAGE_EMULATOR_HOST"]
        name = self.environment[f"{bucket.upper()}_BUCKET"]
        listing = f"{base}/storage/v1/b/{name}/o?prefix={quote(prefix, '')}"
        items = json.loads(fetch(listing)[1]).get("items", [])
        return {
            item["name"]: fetch(
                f"{base}/storage/v1/b/{name}/o/{quote(item['name'], '')}?alt=media"
            )[1]
            for item in items
        }

    def wait_for_verdict(self, name: str) -> dict[str, object]:
        """Return the verdict on an incoming object as soon as it exists."""
        return self._read_verdict(f"{name}/")

    def wait_for_answer(self, message_id: str) -> dict[str, object]:
        """Return the answer to a message without an object as soon as it exists."""
        return self._read_verdict(f"messages/{message_id}.json")

    def wait_for_command(self, command_id: str) -> dict[str, object]:
        """Return the answer to a command as soon as it exists."""
        return self._read_verdict(f"commands/{command_id}.json")

    def call_pubsub(self, path: str, body: object, method: str = "POST") -> dict[str, Any]:
        """Call the REST API of Pub/Sub, which only Google's emulator has; gcloud takes seconds.

        :param path: path in the project, for example ``topics/file-uploaded:publish``.
        """
        host = self.environment["PUBSUB_EMULATOR_HOST"]
        url = f"http://{host}/v1/projects/{self.environment['CLOUDSDK_CORE_PROJECT']}/{path}"
        headers = {"Content-Type": "application/json"}
        request = Request(url, json.dumps(body).encode(), headers, method=method)
        with urlopen(request, timeout=120) as response:  # noqa: S310 - loopback
            answer: dict[str, Any] = json.load(response)
        return answer

    def publish_message(self, topic: str, data: str) -> str:
        """Publish a message over the REST API of Pub/Sub; return its id."""
        message = {"data": base64.b64encode(data.encode()).decode()}
        (message_id,) = self.call_pubsub(f"topics/{topic}:publish", {"messages": [message]})[
            "messageIds"
        ]
        return str(message_id)

    def pull(self, subscription: str) -> list[dict[str, Any]]:
        """Return the messages of a subscription at the moment, over the REST API of Pub/Sub."""
        body = {"maxMessages": 10, "returnImmediately": True}
        received: list[dict[str, Any]] = self.call_pubsub(
            f"subscriptions/{subscription}:pull", body
        ).get("receivedMessages", [])
        return received

    def pull_dead_letters(self, subscription: str) -> list[dict[str, Any]]:
        """Return the dead letters of a subscription at the moment; it needs Google's emulator."""
        return self.pull(f"{subscription}-dead-letter")

    def _read_verdict(self, prefix: str) -> dict[str, object]:
        (verdict,) = wait_until(lambda: self.read_objects("verdicts", prefix).values())
        read: dict[str, object] = json.loads(verdict)
        return read

    def fetch_page(self, project: str) -> dict[str, object] | None:
        """Return a project's JSON page from the index; None if it does not exist."""
        status, body = self.get(f"/simple/{project}/", "application/vnd.pypi.simple.v1+json")
        return json.loads(body) if status == 200 else None

    def list_filenames(self, project: str) -> set[str]:
        """Return the names of the files on a project's page."""
        page = self.fetch_page(project) or {"files": []}
        files = page["files"]
        assert isinstance(files, list)
        return {file["filename"] for file in files}

    def wait_for(self, project: str, *filenames: str) -> None:
        """Wait until a project's page lists these files."""
        wait_until(lambda: set(filenames) <= self.list_filenames(project))

    def read_log_entries(self, service: str) -> list[dict[str, object]]:
        """Return the log entries of a service."""
        marked = (line.partition(" | ") for line in self._read_log())
        return [
            json.loads(text)
            for head, _, text in marked
            if head.split()[-1] == service and text.startswith("{")
        ]

    def find_complaints(self) -> list[str]:
        """Return the lines of the log with an error or a Python warning."""
        sign = re.compile(r'"severity": ?"(?:ERROR|CRITICAL)"|Traceback|Warning:')
        return [line for line in self._read_log() if sign.search(line)]

    def _read_log(self) -> list[str]:
        return (self.directory / "log").read_text("utf-8").splitlines()

    def get(self, path: str, accept: str = "*/*", token: str | None = None) -> tuple[int, bytes]:
        """Send a GET request to the index with ``token``, by default the runtime's token."""
        host = self.index_url.split("@")[1].split("/")[0]
        secret = self.environment["GCPYPI_TOKEN"] if token is None else token
        return fetch(f"http://{host}{path}", accept, f"__token__:{secret}" if secret else None)


def fetch(url: str, accept: str = "*/*", userinfo: str | None = None) -> tuple[int, bytes]:
    """Send a GET request; return status and body."""
    request = Request(url, headers={"Accept": accept})  # noqa: S310 - loopback
    if userinfo is not None:
        encoded = base64.b64encode(userinfo.encode()).decode()
        request.add_header("Authorization", f"Basic {encoded}")
    try:
        with urlopen(request, timeout=120) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def wait_until(probe: Callable[[], T]) -> T:
    """Call ``probe`` until its result is true, and return the result."""
    give_up = time.monotonic() + PATIENCE
    while not (answer := probe()):
        assert time.monotonic() < give_up, "no result within the time limit"
        time.sleep(0.05)
    return answer


@contextmanager
def run_local_index(
    directory: Path, path: str | None = None, **settings: str
) -> Iterator[LocalIndex]:
    """Start the runtime on free ports, and stop it at the end.

    :param path: search path for programs; None is the PATH of the tests.
    :param settings: environment variables of the services.
    """
    with run_if_killed(_build_down_command(directory)):
        try:
            yield _start(directory, path, settings)
        finally:
            stop(directory)


def _start(directory: Path, path: str | None, settings: Mapping[str, str]) -> LocalIndex:
    clients = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    clients["PATH"] = clients["PATH"] if path is None else path
    services = {**clients, "RUNTIME": "native", "PYTHONWARNINGS": "error", **settings}
    ports = f"--port-base={find_runtime_ports().proxy}"
    command = [sys.executable, "-m", "local", "up", "--dir", str(directory), ports]
    pipe = subprocess.PIPE
    with Process(command, environment=services, folder=ROOT, stdout=pipe, stderr=pipe) as up:
        try:
            output, errors = (stream.decode() for stream in up.communicate())
        finally:
            up.wait()  # also after an interruption, because a partial start cannot be stopped
    assert up.returncode == 0, f"{output}\n{errors}"
    return LocalIndex(directory, {**clients, **_source_environment(directory / "env")}, output)


def _source_environment(file: Path) -> dict[str, str]:
    """Return the variables of a shell after sourcing the file."""
    script = f'set -a; . "{file}"; exec "{sys.executable}" -c "{_DUMP}"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    variables: dict[str, str] = json.loads(done.stdout)
    wanted = ("GCPYPI_", "CLOUDSDK_", "PUBSUB_", "STORAGE_", "SECRET_MANAGER_")
    return {
        name: value
        for name, value in variables.items()
        if name.startswith(wanted) or name.endswith("_BUCKET")
    }


_DUMP = "import json, os; print(json.dumps(dict(os.environ)))"


def stop(directory: Path) -> None:
    """Stop the runtime, if it still runs."""
    subprocess.run(_build_down_command(directory), check=True, capture_output=True, cwd=ROOT)


def _build_down_command(directory: Path) -> list[str]:
    return [sys.executable, "-m", "local", "down", "--dir", str(directory)]


def make_bare_path(directory: Path) -> str:
    """Create the PATH of a machine without gcloud, Java and Docker."""
    directory.mkdir()
    for tool in ("sh", "env", "tail"):
        if found := shutil.which(tool):
            (directory / tool).symlink_to(found)
    return str(directory)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """Runtime of this machine, with Google's emulator if gcloud and Java are installed."""
    with run_local_index(tmp_path_factory.mktemp("runtime")) as started:
        yield started


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIndex]:
    """Runtime of a machine without gcloud, Java and Docker."""
    path = make_bare_path(tmp_path_factory.mktemp("bin") / "bin")
    with run_local_index(tmp_path_factory.mktemp("built-in"), path) as started:
        yield started


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Interpreter of a temporary environment with pip."""
    directory = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)
    return directory / "bin" / "python"
