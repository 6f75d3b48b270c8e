"""Signals as exceptions, so that ``with`` statements end what they started."""

import multiprocessing
import os
import signal
import threading
from types import FrameType


def exit_at_sigterm() -> None:
    """Let the first SIGTERM raise ``SystemExit``; ignore those that follow."""
    signal.signal(signal.SIGTERM, _exit)


def interrupt_at_sigterm() -> None:
    """Let the first SIGTERM raise ``KeyboardInterrupt``, after which pytest tears down fixtures."""
    signal.signal(signal.SIGTERM, _interrupt)


def exit_with_parent() -> None:
    """End this process of ``multiprocessing`` when the one that started it has ended."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _exit(number: int, frame: FrameType | None) -> None:
    _ignore_more(number)
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _ignore_more(number)
    raise KeyboardInterrupt


def _ignore_more(number: int) -> None:
    """Let nothing interrupt the end: ``make`` and ``timeout`` both pass on one SIGTERM.

    A function in place of ``SIG_IGN``, which the processes that are still started would inherit.
    """
    signal.signal(number, lambda number, frame: None)
