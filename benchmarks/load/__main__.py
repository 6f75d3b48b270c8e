"""Load at and past saturation of each service: answers, memory, and the recovery.

    make bench ARGS=load

A load on a worker is a number of pushes that wait; as many are open as Terraform permits an
instance. The proxy and the upload service get all requests at the same time, though Cloud Run
passes on fewer. A row of the table has

* the number of answers by status, and of those 429 and 503 without ``Retry-After``;
* the peak of the resident memory, and the memory in Terraform. Child processes count with their
  shared pages;
* the longest of five normal requests before the load, and the time from the end of the load until a
  normal request takes at most twice as long and 0.1 s.

The services share the machine with their clients and their storage. It exits with 1 after another
status, an answer without ``Retry-After``, too much memory, or no recovery in time.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from benchmarks.harness.process_resources import format_load_average
from benchmarks.load.client_loads import load_proxy, load_upload
from benchmarks.load.load_result import HEAD, LoadResult
from benchmarks.load.worker_loads import load_indexer, load_ingest, load_publisher
from testing.processes import exit_at_sigterm

Load = Callable[[Path], LoadResult]


def list_loads(options: argparse.Namespace) -> Mapping[str, Load]:
    """Return the loads by name."""
    pushes, most = options.pushes, min(250, options.pushes)
    large = max(1, most // 10)
    return {
        "ingest": partial(load_ingest, files=options.files, mebibytes=options.mebibytes),
        "indexer, one project": partial(load_indexer, pushes=pushes, projects=1, files=0),
        "indexer, new projects": partial(load_indexer, pushes=pushes, projects=most, files=0),
        "indexer, large projects": partial(
            load_indexer, pushes=pushes, projects=large, files=options.large
        ),
        "publisher": partial(load_publisher, service="publisher", pushes=pushes, projects=most),
        "web": partial(load_publisher, service="web", pushes=pushes, projects=most),
        "proxy": partial(load_proxy, connections=options.connections, seconds=options.seconds),
        "upload": partial(load_upload, uploads=options.uploads, mebibytes=options.mebibytes),
    }


def choose_loads(loads: Mapping[str, Load], prefix: str) -> Mapping[str, Load]:
    """Return the loads with names that begin with ``prefix``.

    :raises SystemExit: if there is none.
    """
    chosen = {name: load for name, load in loads.items() if name.startswith(prefix)}
    if not chosen:
        sys.exit(f"--only: no load begins with {prefix!r}; the loads are: {'; '.join(loads)}")
    return chosen


def main() -> int:
    """Print the table; return 1 if a goal is missed."""
    options = _parse_options()
    faults: list[str] = []
    loads = choose_loads(list_loads(options), options.only)
    print(HEAD, flush=True)
    for name, load in loads.items():
        with tempfile.TemporaryDirectory() as folder:
            result = load(Path(folder))
        print(result.render_row(), flush=True)
        faults += (f"{name}: {fault}" for fault in result.list_faults(options.recovery))
    print(f"\n{format_load_average()}")
    print("\n".join(["", f"{len(faults)} goals missed", *faults]))
    return 1 if faults else 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="run the loads whose name begins so")
    parser.add_argument("--files", type=int, default=200, help="large files that wait for ingest")
    parser.add_argument("--mebibytes", type=int, default=64, help="size of a large file")
    parser.add_argument("--pushes", type=int, default=1000, help="pushes that wait for a worker")
    parser.add_argument("--large", type=int, default=2000, help="files of a large project")
    parser.add_argument("--connections", type=int, default=2000, help="connections of the proxy")
    parser.add_argument("--seconds", type=float, default=10, help="duration for the proxy")
    parser.add_argument("--uploads", type=int, default=100, help="uploads at the same time")
    parser.add_argument("--recovery", type=float, default=10, help="goal, in seconds")
    return parser.parse_args()


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
