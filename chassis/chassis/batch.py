"""Commands over a whole bucket: threads, batches, progress and exit code."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from cloud.errors import CloudError

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 16
"""Number of threads. Each thread mostly waits for Cloud Storage or Pub/Sub."""

_BATCH = 256
"""Items per batch."""

_INTERVAL = 5.0
"""Seconds between two progress lines."""


def run_command(name: str, command: Callable[[Executor], int]) -> int:
    """Run a command with a thread pool; return its exit code, or 2 if Google Cloud fails."""
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            return command(pool)
        except CloudError as error:
            print(f"{name}: {error}", file=sys.stderr)
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
