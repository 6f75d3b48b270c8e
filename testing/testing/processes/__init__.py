"""Processes of tests and benchmarks, which end together with their starter.

A process ends in one of three ways:

* The ``with`` statement that started it ends.
* Its starter gets SIGTERM: :func:`exit_at_sigterm` ends the ``with`` statements. For pytest,
  ``tests/conftest.py`` calls :func:`interrupt_at_sigterm`.
* Its starter gets SIGKILL: the reaper (``testing.processes.reaper``) kills the process.
"""

from testing.processes.children import list_children
from testing.processes.free_ports import find_free_port, find_free_ports
from testing.processes.interrupt import (
    accept_sigint,
    exit_at_sigterm,
    exit_with_parent,
    interrupt_at_sigterm,
)
from testing.processes.process import Process, run_if_killed

__all__ = [
    "Process",
    "accept_sigint",
    "exit_at_sigterm",
    "exit_with_parent",
    "find_free_port",
    "find_free_ports",
    "interrupt_at_sigterm",
    "list_children",
    "run_if_killed",
]
