"""Commands over a whole bucket: threads, batches, progress and exit code."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from difflib import get_close_matches
from itertools import islice
from typing import TypeVar

from cloud.errors import CloudError
from schemas.types import NewerSchemaVersion

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 16
"""Number of threads. Each thread mostly waits for Cloud Storage or Pub/Sub."""

_BATCH = 256
"""Items per batch."""

_INTERVAL = 5.0
"""Seconds between two progress lines."""


class UnknownProjects(Exception):
    """Projects in the arguments of a command that the index does not have.

    :param missing: kind of object that the command needs: ``record`` or ``file``.
    :param projects: normalised names in the arguments.
    :param known: normalised names of the projects that have such an object.
    """

    def __init__(self, missing: str, projects: Iterable[str], known: Iterable[str]) -> None:
        self.projects = tuple(sorted(projects))
        self.known = tuple(sorted(known))
        super().__init__(missing, self.projects)
        self.missing = missing

    def __str__(self) -> str:
        return "\n".join(map(self._describe, self.projects))

    def _describe(self, project: str) -> str:
        nearest = get_close_matches(project, self.known, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        return f"the index has no {self.missing} of {project}{hint}"


def run_command(name: str, command: Callable[[Executor], int]) -> int:
    """Run a command on threads and return its exit code.

    The code is 2 after an error of Google Cloud, for projects that the index does not have, and for
    documents of a newer release.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            return command(pool)
        except (CloudError, NewerSchemaVersion, UnknownProjects) as error:
            for line in str(error).splitlines():
                print(f"{name}: {line}", file=sys.stderr)
            return 2


def map_in_batches(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result]]:
    """Yield each item with its result, in order.

    Only one batch at a time is in memory, so ``items`` can be the listing of a bucket.
    """
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield from zip(batch, pool.map(function, batch), strict=True)


class Progress:
    """Progress of a command on standard error, one line every few seconds."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._printed = time.monotonic()

    def __call__(self, text: str) -> None:
        """Print ``text``, at most once per interval."""
        if time.monotonic() - self._printed >= _INTERVAL:
            print(f"{self._command}: {text}", file=sys.stderr, flush=True)
            self._printed = time.monotonic()
