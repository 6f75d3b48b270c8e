"""Nothing that a test or a benchmark started is left when it is interrupted or killed."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testing.processes import Process, on_kill

TESTS = Path(__file__).parents[3]
PATIENCE = 60.0
PR_SET_CHILD_SUBREAPER = 36

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def _subreaper() -> Iterator[None]:
    """Make orphans children of this process, so that none gets out of sight."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    with on_kill(["true"]):  # has the keeper of this very process started
        yield
    assert prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) == 0


@pytest.mark.parametrize(
    ("name", "number", "least"),
    [
        ("emulator", signal.SIGTERM, 3),
        ("stubborn", signal.SIGTERM, 4),
        ("stubborn", signal.SIGKILL, 4),
        ("workers", signal.SIGTERM, 7),
        ("local-index", signal.SIGTERM, 11),
    ],
)
def test_a_program_leaves_no_process(
    name: str, number: signal.Signals, least: int, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "unit.testing.processes.programs", name, str(tmp_path)]
    assert len(_started(command, tmp_path / "ready", number)) >= least


def test_pytest_leaves_no_process(tmp_path: Path) -> None:
    file = Path(__file__).with_name("test_interrupted.py")
    options = ["-n", "1", "-p", "no:cacheprovider", "-m", "interrupted"]
    command = [sys.executable, "-m", "pytest", *options, str(file)]
    assert len(_started(command, tmp_path / "ready", signal.SIGTERM)) >= 4


def test_a_command_runs_where_its_starter_is_killed_and_only_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unit.testing.processes.programs", "last-will", str(tmp_path)]
    _started(command, tmp_path / "ready", signal.SIGTERM)
    assert not (tmp_path / "killed").exists()
    (tmp_path / "ready").unlink()
    _started(command, tmp_path / "ready", signal.SIGKILL)
    assert (tmp_path / "killed").exists()


def _started(command: list[str], ready: Path, number: signal.Signals) -> set[int]:
    """Start a program, signal it when it is ready, and return the processes that have ended.

    :raises AssertionError: if one has not.
    """
    before = _descendants(os.getpid())
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"READY": str(ready)}
    log = ready.with_name("output")
    with (
        log.open("wb") as output,
        Process(
            command, environment=environment, folder=TESTS, stdout=output, stderr=output
        ) as program,
    ):
        _await(lambda: ready.exists() or program.poll() is not None)
        assert ready.exists(), log.read_text()
        started = _descendants(os.getpid()) - before
        program.send_signal(number)
        _await(lambda: not any(map(_lives, started)))
        program.wait()
    for pid in started:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return started


def _await(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)


def _descendants(pid: int) -> set[int]:
    children = {
        int(child)
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text().split()
    }
    return children.union(*map(_descendants, children))


def _lives(pid: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
