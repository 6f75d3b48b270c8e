"""``gcpypi publish`` as a user runs it: the program in a process, on the native runtime."""

import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from e2e.conftest import PATIENCE, LocalIndex, wait_until
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import Process
from testing.storage import FakeStorage, Fault, StorageServer

PROGRAM = Path(sys.executable).with_name("gcpypi")
MANY = 300
LARGE = 20 * 1024 * 1024
NOISE = random.Random(1)  # noqa: S311 - the same bytes every time
GUARD = 900.0
"""Seconds until a command counts as hanging."""

DESCRIPTION = {
    "schema_version": 1,
    "version": "1",
    "gcp_project": "gcpypi-local",
    "buckets": {"incoming": "incoming", "verdicts": "verdicts"},
}


def write_wheels(folder: Path, project: str, count: int = 1) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for number in range(count):
        name, version = f"{project}_{number // 10:02}", f"1.{number % 10}"
        paths.append(folder / wheel_filename(name, version))
        paths[-1].write_bytes(build_wheel(name, version))
    return paths


def publish(runtime: LocalIndex, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return runtime.run(PROGRAM, "publish", *arguments, check=False)


def test_a_wheel_is_installable_when_the_command_ends(runtime: LocalIndex, tmp_path: Path) -> None:
    (wheel,) = write_wheels(tmp_path / "dist", "cli_one")

    done = publish(runtime, tmp_path / "dist")

    assert (done.returncode, done.stdout.split()) == (
        0,
        ["result", "file", "published", wheel.name],
    )
    assert runtime.list_filenames("cli-one-00") == {wheel.name}
    again = publish(runtime, "--json", wheel)
    assert (again.returncode, json.loads(again.stdout)["counts"]) == (0, {"already there": 1})


def test_one_refused_of_three_hundred_wheels_is_named(runtime: LocalIndex, tmp_path: Path) -> None:
    write_wheels(tmp_path / "dist", "cli_many", MANY - 1)
    (tmp_path / "dist" / "cli_broken-1.0-py3-none-any.whl").write_bytes(b"no zip")

    done = run_alone(runtime.environment, tmp_path / "dist")

    assert done.returncode == 1
    _, published, refused, detail = [line.split() for line in done.stdout.splitlines()]
    assert published == ["published", str(MANY - 1), "files"]
    assert refused == ["refused", "cli_broken-1.0-py3-none-any.whl"]
    assert detail[0] == "not-a-zip:"


def test_a_refusal_of_the_index_has_its_reason(runtime: LocalIndex, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (wheel,) = write_wheels(first, "cli_twice")
    second.mkdir()
    spelled = second / wheel.name.replace("-1.0-", "-1.0.0-")
    spelled.write_bytes(build_wheel("cli_twice_00", "1.0.0"))
    publish(runtime, first)

    done = publish(runtime, "--json", second)

    (file,) = json.loads(done.stdout)["files"]
    assert (done.returncode, file["result"], file["reason"]) == (1, "refused", "exists")


def test_a_log_has_few_lines_and_no_escape_sequence(runtime: LocalIndex, tmp_path: Path) -> None:
    write_wheels(tmp_path / "dist", "cli_quiet", 30)

    done = publish(runtime, tmp_path / "dist")

    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert len(done.stdout.splitlines()) <= 3


def test_a_wrong_token_is_one_sentence(runtime: LocalIndex, tmp_path: Path) -> None:
    write_wheels(tmp_path / "dist", "cli_token")
    environment = {**runtime.environment, "GCPYPI_TOKEN": "gcpypi_wrong"}

    done = run_alone(environment, tmp_path / "dist")

    assert done.returncode == 4
    assert re.fullmatch(r"gcpypi: .* refuses the credentials .* live token\n", done.stderr)


def test_without_an_index_the_command_says_how_to_set_it(tmp_path: Path) -> None:
    write_wheels(tmp_path / "dist", "cli_none")

    done = run_alone({"STORAGE_EMULATOR_HOST": "http://127.0.0.1:1"}, tmp_path / "dist")

    assert (done.returncode, "set GCPYPI_INDEX_URL" in done.stderr) == (2, True)


# A storage without services never has a verdict.


@pytest.fixture
def storage() -> Iterator[FakeStorage]:
    with StorageServer() as server:
        for bucket in ("incoming", "verdicts"):
            server.storage.create_bucket(bucket)
        yield server.storage


@pytest.fixture
def alone(storage: FakeStorage, tmp_path: Path) -> dict[str, str]:
    """Environment of a command on a storage without services."""
    description = tmp_path / "description.json"
    description.write_text(json.dumps(DESCRIPTION))
    return {"STORAGE_EMULATOR_HOST": storage.origin, "GCPYPI_DESCRIPTION": str(description)}


def run_alone(
    environment: Mapping[str, str], *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROGRAM), "publish", *map(str, arguments)],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=GUARD,
    )


def test_a_file_without_a_verdict_ends_in_a_timeout(
    alone: dict[str, str], storage: FakeStorage, tmp_path: Path
) -> None:
    write_wheels(tmp_path / "dist", "cli_late")

    done = run_alone(alone, tmp_path / "dist", "--timeout", "0.2")

    assert done.returncode == 3
    assert "1 files are not finished after 0.2 s" in done.stderr
    assert len(storage.bucket("incoming").live) == 1


def test_an_identity_without_rights_has_one_sentence(
    alone: dict[str, str], storage: FakeStorage, tmp_path: Path
) -> None:
    write_wheels(tmp_path / "dist", "cli_denied", 3)
    storage.faults.add(Fault(operation="objects.insert", status=403, times=None))

    done = run_alone(alone, tmp_path / "dist", "--as", "other")

    assert done.returncode == 4
    assert "may create objects below other/" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_tells_what_was_uploaded(
    alone: dict[str, str], storage: FakeStorage, tmp_path: Path, kind: signal.Signals
) -> None:
    write_wheels(tmp_path / "dist", "cli_stopped")

    code, errors = interrupt(
        alone, tmp_path / "dist", kind, lambda: bool(storage.bucket("incoming").live)
    )

    assert code == 130
    assert "1 files were uploaded" in errors


def test_ctrl_c_in_a_large_upload_leaves_nothing(
    alone: dict[str, str], storage: FakeStorage, tmp_path: Path
) -> None:
    path = tmp_path / wheel_filename("cli_large")
    path.write_bytes(build_wheel("cli_large", body=NOISE.randbytes(LARGE)))
    reached, proceed = threading.Event(), threading.Event()

    def hold(operation: str, bucket: str, name: str) -> None:
        """Hold the first chunk until the signal, and delay later ones until it is handled."""
        if operation == "uploads.piece":
            if proceed.is_set():
                time.sleep(10)
            reached.set()
            proceed.wait(PATIENCE)

    storage.before = hold

    code, errors = interrupt(alone, path, signal.SIGINT, reached.is_set, proceed)

    assert (code, list(storage.bucket("incoming").live)) == (130, [])
    assert storage.counts.requests["uploads.cancel"] == 1
    assert "0 files were uploaded" in errors


def interrupt(
    environment: Mapping[str, str],
    path: Path,
    kind: signal.Signals,
    ready: Callable[[], bool],
    proceed: threading.Event | None = None,
) -> tuple[int, str]:
    """Run the command, send a signal at a moment, and return exit code and standard error."""
    command = [str(PROGRAM), "publish", str(path)]
    pipe = subprocess.PIPE
    with Process(command, environment=environment, stdout=pipe, stderr=pipe) as process:
        wait_until(ready)
        process.send_signal(kind)
        if proceed:
            proceed.set()
        _, errors = process.communicate()
    return process.wait(), errors.decode()
