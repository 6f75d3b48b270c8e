"""Fork server: its processes, and the limits of their signals."""

import signal
from pathlib import Path

import pytest

from testing.chaos.fork_server import ForkedProcess, ForkServer


class BrokenServer(ForkServer):
    """Fork server that has ended."""

    def __init__(self) -> None:
        """Start no process."""

    def fork(self, *order: object) -> int:
        """Raise the error of an empty line."""
        raise ValueError(order)


def test_no_signal_reaches_the_tests_if_the_process_did_not_start(tmp_path: Path) -> None:
    """The pid 0 would mean all processes of the test's group."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        process = ForkedProcess(BrokenServer(), "ingest.main", tmp_path / "log", {})
        with pytest.raises(ValueError, match=r"ingest\.main"):
            process.start()
        assert not process.is_running()
        process.end()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == []
