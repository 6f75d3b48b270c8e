"""Time to render one project at several sizes, and the catalog of 100 000 projects.

It measures rendering alone in CPU seconds, each size in a new process, the minimum of three. For
the catalog it also measures the peak of memory. The entries are those of its single listing.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from benchmarks.harness.seeded_index import make_project_name, make_record
from publisher.catalog.catalog_objects import CatalogContent
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from publisher.site.page_content import Site
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from testing.processes import exit_at_sigterm, exit_with_parent

Answer = TypeVar("Answer")

PROJECTS = 100_000
ROUNDS = 3
GOALS = {100: 0.05, 10_000: 3.0}
"""Seconds for a project, by its number of files."""
CATALOG_SECONDS, CATALOG_MIB = 60.0, 1024.0
"""Seconds for the catalog, and the memory of its instance in MiB."""
FACTS = {
    "summary": "A library for the invoices of customers, with a client for the billing service",
    "requires": "requests,numpy,pydantic,acme-billing,acme-auth,acme-geometry,pytest,sphinx",
    "keywords": "billing,invoice,tax,accounting",
}
"""Custom metadata of each record: a summary of 80 bytes, eight requirements, four keywords."""


def time_project(files: int) -> float:
    """Return the CPU seconds to render the pages for installers of a project of ``files`` files."""
    record = make_record(ProjectName("acme"), files)
    seconds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        listing = Listing.from_record(record)
        for kind in KINDS:
            kind.render(listing)
        seconds.append(time.process_time() - started)
    return min(seconds)


def measure_catalog(projects: int) -> tuple[float, float]:
    """Return the CPU seconds to render the catalog, and the peak in MiB with its entries.

    Every object is rendered, as after ``rebuild``. The summaries and lists of an entry have the
    lengths of :data:`FACTS`.
    """
    entry = CatalogEntry.from_record(make_record(make_project_name(0), 10))
    metadata = {**entry.to_metadata(), **FACTS}
    started = time.process_time()
    entries = [CatalogEntry.read(make_project_name(number), metadata) for number in range(projects)]
    for each in CatalogContent(entries, Site("Python packages")).list_objects():
        each.render()
    seconds = time.process_time() - started
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _run_alone(function: Callable[[int], Answer], argument: int) -> Answer:
    """Call the function in a new process, so that its memory is counted alone."""
    with multiprocessing.get_context("spawn").Pool(1, exit_with_parent) as pool:
        return pool.apply(function, (argument,))


def main() -> int:
    """Print the table; return 1 if a goal is missed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    rows = []
    for files, limit in GOALS.items():
        seconds = _run_alone(time_project, files)
        rows.append(
            (f"project of {files:,} files", f"{seconds:.3f} s", f"{limit} s", seconds, limit)
        )
    seconds, mib = _run_alone(measure_catalog, PROJECTS)
    title = f"catalog of {PROJECTS:,} projects"
    rows.append((title, f"{seconds:.1f} s", f"{CATALOG_SECONDS:.0f} s", seconds, CATALOG_SECONDS))
    rows.append((title, f"{mib:.0f} MiB", f"{CATALOG_MIB:.0f} MiB", mib, CATALOG_MIB))
    print("| rendered | result | goal |\n|---|---:|---:|")
    for name, result, goal, _, _ in rows:
        print(f"| {name} | {result} | {goal} |")
    missed = [name for name, _, _, value, limit in rows if value > limit]
    print(f"\nMISSED: {', '.join(missed)}" if missed else "\nall goals met")
    return 1 if missed else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
