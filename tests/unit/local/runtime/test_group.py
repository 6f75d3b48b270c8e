"""Start and stop of a group, and its errors: a failed program, a taken port."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import LocalError
from local.runtime.group import Group, Program
from local.runtime.state import State
from testing.processes import find_free_port

SERVER = """
import sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
print("serving", flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    group = Group("things", State(tmp_path))
    yield group
    group.stop()


def make_server(port: int) -> Program:
    return Program("web", (sys.executable, "-c", SERVER, str(port)), port=port, ready="/")


def test_start_waits_until_all_answer_and_stop_until_all_have_ended(group: Group) -> None:
    port = find_free_port()

    group.start([make_server(port)])
    with socket.create_connection(("127.0.0.1", port)):
        supervisor = group.find_pid()
    group.stop()

    assert supervisor is not None
    assert group.find_pid() is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    log = group.state.log.read_text()
    assert "| serving" in log
    assert "web stopped" in log


def test_a_second_start_changes_nothing(group: Group) -> None:
    program = make_server(find_free_port())
    group.start([program])
    supervisor = group.find_pid()

    group.start([program])

    assert group.find_pid() == supervisor


def test_a_failed_program_is_named_with_its_last_output(group: Group) -> None:
    dying = Program("broken", (sys.executable, "-c", "raise SystemExit('setting X: missing')"))
    silent = Program("web", ("sleep", "600"), port=find_free_port())  # never ready

    with pytest.raises(LocalError, match=r"(?s)^broken ended with code 1:\n.*setting X: missing"):
        group.start([Program("slow", ("sleep", "600")), silent, dying])

    assert group.find_pid() is None


def test_a_taken_port_is_named_before_anything_starts(group: Group) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"port {port} is taken, and web needs it"):
            group.start([make_server(port)])

    assert group.find_pid() is None


def test_the_programs_get_the_warnings_switch_of_the_caller(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    script = (
        "import os, time; print('warnings:', os.environ.get('PYTHONWARNINGS')); time.sleep(600)"
    )
    group.start([Program("one", (sys.executable, "-c", script), {"EXTRA": "1"})])

    until = time.monotonic() + 600
    while "warnings:" not in group.state.log.read_text() and time.monotonic() < until:
        time.sleep(0.05)

    assert "warnings: error" in group.state.log.read_text()


def test_a_pid_file_of_a_dead_supervisor_does_not_name_a_stranger(group: Group) -> None:
    (group.state.path / "things.pid").write_text(str(os.getpid()))

    assert group.find_pid() is None
    group.stop()
