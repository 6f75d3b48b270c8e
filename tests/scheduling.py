"""Order and distribution of test files over the processes of ``pytest-xdist``.

Files with many waits come first, because a long file at the end leaves all other processes idle. By
default ``--dist loadfile`` begins with the file with the most tests, which is often a fast one
(``--no-loadscope-reorder`` disables this).
"""

import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Protocol, TypeVar

from xdist.scheduler import LoadFileScheduling

SLOW_RINGS = ("e2e", "chaos", "compatibility", "contract", "boundaries")
"""Folders of ``tests/`` with the slowest files, the slowest first."""

SHARED_RUNTIME = "tests/e2e with a shared runtime"
"""Scope of the files that use the local runtimes of a session (``e2e/conftest.py``)."""

_SHARING = frozenset(
    f"test_{name}.py"
    for name in (
        "cli_commands",
        "cli_operate",
        "cli_publish",
        "file_story",
        "id_token_install",
        "pages_for_people",
        "pipeline",
        "trusted_publishing",
        "upload_tools",
    )
)
"""Files in ``tests/e2e`` without a runtime of their own."""


class LocatedTest(Protocol):
    """Test of a file."""

    @property
    def path(self) -> Path:
        """Path of the file."""
        ...


Item = TypeVar("Item", bound=LocatedTest)


class RuntimeScheduling(LoadFileScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Distribution by file, with one process for all files that share local runtimes.

    A local runtime has about ten processes. Each process of the tests would start its own.
    """

    def _split_scope(self, nodeid: str) -> str:
        return find_scope(super()._split_scope(nodeid))


def find_scope(file: str) -> str:
    """Return the scope of a file: files of one scope run in one process."""
    path = PurePath(file)
    return SHARED_RUNTIME if path.parent.name == "e2e" and path.name in _SHARING else file


def sort_slow_first(items: Sequence[Item], tests: PurePath) -> list[Item]:
    """Return the tests with those of slow rings first, and otherwise in their order.

    :param tests: the folder ``tests``.
    """
    return sorted(items, key=lambda item: _rank(item.path.relative_to(tests).parts[0]))


def _rank(ring: str) -> int:
    return SLOW_RINGS.index(ring) if ring in SLOW_RINGS else len(SLOW_RINGS)


def count_processes() -> int:
    """Return the number of processes for ``-n auto``: two per core, because many tests wait."""
    return 2 * (os.cpu_count() or 1)
