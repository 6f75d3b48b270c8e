"""Processes that tests and benchmarks start, and that end with them.

Three things end a process: the ``with`` statement that started it, :func:`exit_at_sigterm` (pytest:
``tests/conftest.py``), which lets SIGTERM leave these statements, and the keeper
(``testing.processes.keeper``), where SIGKILL leaves nothing else.
"""

from testing.processes.interrupt import exit_at_sigterm, exit_with_parent, interrupt_at_sigterm
from testing.processes.process import Process, on_kill

__all__ = ["Process", "exit_at_sigterm", "exit_with_parent", "interrupt_at_sigterm", "on_kill"]
