"""Clean end of a command at SIGTERM and Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")

_INTERVAL = 0.1
"""Seconds until the main thread handles a signal at the latest."""


@contextmanager
def catch_signals(notice: str) -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set; a second signal has its usual effect.

    :param notice: line on standard error after the first signal.
    """
    stop = threading.Event()

    def set_event(number: int, frame: FrameType | None) -> None:
        signal.signal(number, previous[signal.Signals(number)])
        stop.set()
        print(notice, file=sys.stderr, flush=True)

    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = {number: signal.signal(number, set_event) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def await_futures(futures: Collection[Future[Result]]) -> None:
    """Wait in the main thread until all futures are done, and handle signals during the wait.

    Linux can deliver a signal to another thread, which does not wake the main thread. Python
    handles signals only in the main thread, so a wait without a timeout would ignore the signal.
    """
    while wait(futures, timeout=_INTERVAL).not_done:
        pass
