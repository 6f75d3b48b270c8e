"""Latency from the message to the JSON page, in a small index and one 1 000 times as large.

Both indexes run at the same time and take turns, so that other work on the machine affects both.
While one is measured the other is idle. The storage takes writes at any rate here, because wheels
are published one by one. ``--earlier`` compares the latency with that of an earlier checkout with
its own ``.venv``: see :mod:`benchmarks.publish.latency_ratio`.
"""

import argparse
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.seeded_index import make_project_name
from benchmarks.peers import dumb_pypi
from benchmarks.publish import latency_ratio
from benchmarks.publish.runtime import Runtime, Wheel, describe_wheel, start_runtime
from testing.processes import exit_at_sigterm

SIZES = (100, 100_000)
PUBLISHES = 100
TURNS = 5
MOST = 1.2
"""Goal: the median at the large index, as a multiple of that at the small one."""
WARM_UP = 5


def make_wheels() -> list[Wheel]:
    """Make further releases of the first projects of the index, in turns."""
    projects = itertools.cycle(range(SIZES[0] // 10))
    return [
        describe_wheel(make_project_name(next(projects)).replace("-", "_"), f"7.{number}")
        for number in range(PUBLISHES + WARM_UP)
    ]


def publish(running: Runtime, batch: Sequence[Wheel], first: int) -> list[float]:
    """Publish one wheel after the other; return the seconds until each is on its page."""
    seconds = []
    for number, wheel in enumerate(batch, first):
        project = make_project_name(number % (SIZES[0] // 10))
        started = time.perf_counter()
        running.announce([wheel])
        running.wait_for_version(project, wheel[2])
        seconds.append(time.perf_counter() - started)
    return seconds


def main() -> int:
    """Print the table; return 1 if the goal is missed."""
    options = _parse_options()
    if options.earlier:
        return latency_ratio.compare(options.earlier, options.rounds, options.stop)
    with tempfile.TemporaryDirectory() as name:
        seconds_by_size = _measure(Path(name))
        small, large = (statistics.median(seconds_by_size[files]) for files in SIZES)
        print("| index (files) | message → page, median | p99 | dumb-pypi, full | incremental |")
        print("|---:|---:|---:|---:|---:|")
        for files in SIZES:
            built = dumb_pypi.time_builds(Path(name) / f"dumb-{files}", files)
            p99 = statistics.quantiles(seconds_by_size[files], n=100)[98]
            median = statistics.median(seconds_by_size[files])
            ours = f"| {files:,} | {median * 1000:.0f} ms | {p99 * 1000:.0f} ms |"
            print(f"{ours} {built['full']:.1f} s | {built['incremental']:.1f} s |", flush=True)
    ratio = large / small
    print(
        f"\n{'met   ' if ratio <= MOST else 'MISSED'} ratio of medians {ratio:.2f}, at most {MOST}"
    )
    return 0 if ratio <= MOST else 1


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--earlier", type=Path, help="checkout of an earlier commit, with a .venv, to compare with"
    )
    parser.add_argument("--rounds", type=int, default=20, help="rounds of the comparison, from 2")
    parser.add_argument(
        "--stop", nargs="+", default=(), help="services to stop during the comparison, as web"
    )
    options = parser.parse_args()
    if options.rounds < 2:
        parser.error("--rounds must be at least 2")
    return options


def _measure(directory: Path) -> dict[int, list[float]]:
    batch, seconds_by_size = make_wheels(), {files: list[float]() for files in SIZES}
    one_turn = PUBLISHES // TURNS
    with (
        start_runtime(directory / "small", SIZES[0], batch) as small,
        start_runtime(directory / "large", SIZES[1], batch) as large,
    ):
        indexes = dict(zip(SIZES, (small, large), strict=True))
        for running in indexes.values():
            publish(running, batch[:WARM_UP], 0)
        for first in range(WARM_UP, len(batch), one_turn):
            for files, running in indexes.items():
                seconds_by_size[files] += publish(running, batch[first : first + one_turn], first)
    return seconds_by_size


if __name__ == "__main__":
    exit_at_sigterm()
    os.environ.setdefault("PYTHONWARNINGS", "error")
    sys.exit(main())
