"""Signals as exceptions, so that ``with`` statements end their processes."""

import multiprocessing
import os
import signal
import threading
from types import FrameType


def exit_at_sigterm() -> None:
    """Make the first SIGTERM raise ``SystemExit``; ignore later ones."""
    signal.signal(signal.SIGTERM, _exit)


def interrupt_at_sigterm() -> None:
    """Make the first SIGTERM raise ``KeyboardInterrupt``; pytest then tears down its fixtures."""
    signal.signal(signal.SIGTERM, _interrupt)


def accept_sigint() -> None:
    """Let SIGINT raise ``KeyboardInterrupt``, also in a background job of a shell script.

    Such a job ignores SIGINT, and so would all programs that it starts
    (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html, section 2.12).
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


def exit_with_parent() -> None:
    """End this process of ``multiprocessing`` when its parent has ended."""
    threading.Thread(target=_await_parent, daemon=True).start()


def _await_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _exit(number: int, frame: FrameType | None) -> None:
    _ignore_later(number)
    raise SystemExit(128 + number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _ignore_later(number)
    raise KeyboardInterrupt


def _ignore_later(number: int) -> None:
    """Ignore later signals: ``make`` and ``timeout`` can both forward one SIGTERM.

    The handler is a function, because new processes would inherit ``SIG_IGN``.
    """
    signal.signal(number, lambda number, frame: None)
