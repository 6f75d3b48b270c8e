"""An interrupted or killed test or benchmark leaves no process."""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from testing.processes import Process, list_children, run_if_killed

TESTS = Path(__file__).parents[3]
PATIENCE = 300.0
PR_SET_CHILD_SUBREAPER = 36

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def _subreaper() -> Iterator[None]:
    """Make orphans children of this process, so that ``_find_descendants`` finds them."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    with run_if_killed(["true"]):  # starts the reaper of this process
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
    assert len(_start_and_signal(command, tmp_path / "ready", number)) >= least


def test_pytest_leaves_no_process(tmp_path: Path) -> None:
    file = Path(__file__).with_name("test_interrupted.py")
    options = ["-n", "1", "-p", "no:cacheprovider", "-m", "interrupted"]
    command = [sys.executable, "-m", "pytest", *options, str(file)]
    assert len(_start_and_signal(command, tmp_path / "ready", signal.SIGTERM)) >= 4


def test_programs_of_a_background_job_are_interrupted_too() -> None:
    program = """
import subprocess, sys
from testing.processes import accept_sigint
accept_sigint()
subprocess.run([sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT))"])
"""
    script = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} & wait"
    found = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert "default_int_handler" in found


def test_a_command_runs_where_its_starter_is_killed_and_only_there(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unit.testing.processes.programs", "last-will", str(tmp_path)]
    _start_and_signal(command, tmp_path / "ready", signal.SIGTERM)
    assert not (tmp_path / "killed").exists()
    (tmp_path / "ready").unlink()
    _start_and_signal(command, tmp_path / "ready", signal.SIGKILL)
    assert (tmp_path / "killed").exists()


def test_the_children_of_a_process_are_those_of_all_its_threads() -> None:
    started: list[subprocess.Popen[bytes]] = []
    begun, ended = threading.Event(), threading.Event()

    def start() -> None:
        started.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))
        begun.set()
        ended.wait(PATIENCE)

    thread = threading.Thread(target=start)
    thread.start()
    assert begun.wait(PATIENCE)
    [child] = started
    with child:
        assert child.pid in list_children(os.getpid())
        assert list_children(child.pid) == set()
        ended.set()
        thread.join()
    assert list_children(child.pid) == set()


def _start_and_signal(command: list[str], ready: Path, number: signal.Signals) -> set[int]:
    """Start a program, signal it when it is ready, and return its ended processes.

    :raises AssertionError: if a process has not ended.
    """
    before = _find_descendants(os.getpid())
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
        processes = _find_descendants(os.getpid()) - before
        program.send_signal(number)
        _await(lambda: not any(map(_is_running, processes)))
        program.wait()
    for pid in processes:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return processes


def _await(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, f"the condition is not true after {PATIENCE:g} s"
        time.sleep(0.05)


def _find_descendants(pid: int) -> set[int]:
    children = list_children(pid)
    return children.union(*map(_find_descendants, children))


def _is_running(pid: int) -> bool:
    """Return True for a running process, False for a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
