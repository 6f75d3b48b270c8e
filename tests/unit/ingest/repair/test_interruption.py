"""Signals that end a replay (`ingest.repair.interruption`)."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.repair.interruption import await_futures, catch_signals

GUARD = 600.0
"""Seconds until a test that hangs ends."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_for_another_thread_sets_the_event(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    """The signal does not wake the main thread: Linux delivers it to the thread of the pool."""
    waiting = threading.Event()

    def interrupt() -> bool:
        assert waiting.wait(GUARD)
        signal.pthread_kill(threading.get_ident(), number)
        return stop.wait(GUARD)

    with catch_signals("stopping") as stop, ThreadPoolExecutor(1) as pool:
        future = pool.submit(interrupt)
        threading.Timer(0.05, waiting.set).start()
        await_futures([future])
    assert future.result()
    assert capsys.readouterr().err == "stopping\n"


def test_the_second_signal_and_later_ones_have_their_usual_handlers() -> None:
    previous = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with catch_signals("stopping") as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGTERM) == previous[0]
        assert signal.getsignal(signal.SIGINT) != previous[1]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == previous


def test_a_wait_ends_with_the_last_future() -> None:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(threading.get_ident) for _ in range(10)]
        await_futures(futures)
        assert all(future.done() for future in futures)
