"""How long pages take to make: one project of so many files, and the catalog over 100 000 projects.

Rendering alone, in CPU seconds, each size in a process of its own, the least
of three; the catalog with its peak of memory, from the entries that its one listing gives.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.harness.index import project_name, record_of
from publisher.catalog import rendered
from publisher.pages import KINDS
from publisher.render.listing import Listing
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from testing.processes import exit_at_sigterm, exit_with_parent

Answer = TypeVar("Answer")

PROJECTS = 100_000
ROUNDS = 3
GOALS = {100: 0.05, 10_000: 3.0}
"""Seconds for a project, by its number of files."""
CATALOG_SECONDS, CATALOG_MIB = 60.0, 500.0


def project_seconds(files: int) -> float:
    """CPU seconds to render the three pages of a project of so many files."""
    record = record_of(ProjectName("acme"), files)
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        listing = Listing.from_record(record)
        for kind in KINDS:
            kind.render(listing)
        seconds.append(time.process_time() - started)
    return min(seconds)


def catalog_cost(projects: int) -> tuple[float, float]:
    """CPU seconds to render the catalog, and the process's peak in MiB, entries included."""
    entry = CatalogEntry.from_record(record_of(project_name(0), 10))
    said = entry.metadata()
    started = time.process_time()
    entries = [CatalogEntry.read(project_name(number), said) for number in range(projects)]
    for _ in rendered(entries, "Python packages", {}):
        pass
    seconds = time.process_time() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _alone(function: Callable[[int], Answer], argument: int) -> Answer:
    """Call it in a fresh process, so that no memory of another is counted."""
    with multiprocessing.get_context("spawn").Pool(1, exit_with_parent) as pool:
        return pool.apply(function, (argument,))


def main() -> int:
    """Print the table; return 1 if a goal is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    for files, most in GOALS.items():
        seconds = _alone(project_seconds, files)
        rows.append((f"project of {files:,} files", f"{seconds:.3f} s", f"{most} s", seconds, most))
    seconds, mib = _alone(catalog_cost, PROJECTS)
    what = f"catalog of {PROJECTS:,} projects"
    rows.append((what, f"{seconds:.1f} s", f"{CATALOG_SECONDS:.0f} s", seconds, CATALOG_SECONDS))
    rows.append((what, f"{mib:.0f} MiB", f"{CATALOG_MIB:.0f} MiB", mib, CATALOG_MIB))
    print("| rendered | took | at most |\n|---|---:|---:|")
    for name, took, goal, _, _ in rows:
        print(f"| {name} | {took} | {goal} |")
    missed = [name for name, _, _, found, most in rows if found > most]
    print(f"\nMISSED: {', '.join(missed)}" if missed else "\nall goals met")
    return 1 if missed else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
