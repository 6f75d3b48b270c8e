"""Requests a second of the proxy, of its speed limits and of its peers, in one interleaved run.

    python -m benchmarks.read [--rounds 5]

wrk, 32 connections (4 for 50 MB) for a second at a time; each round asks everybody for everything.
Before each burst all have to be at rest. The medians of the rounds count, of ratios those within a
round. The load and the storage server share the machine with whoever is measured: the ratios
count, not the figures. A wheel that is not cached is read from nginx in the storage server's place
as well, since fake-gcs-server takes more CPU to hand it out than the proxy to pass it on.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.harness.ground import (
    Ground,
    bare,
    earlier_code,
    ground,
    nginx,
    proxy,
    quick_storage,
)
from benchmarks.harness.server import Absent, Server, settle
from benchmarks.harness.site import make
from benchmarks.harness.wrk import Burst, burst
from benchmarks.peers.read_servers import PEERS, Around
from benchmarks.read.direct import megabytes, straight
from benchmarks.read.table import EARLIER, Results, printed
from testing.processes import exit_at_sigterm

LARGE = "50 MB wheel"
UNCACHED = "10 KB wheel, not cached"
QUICK = f"{UNCACHED}, nginx for storage"


def start(
    on: Ground, peers: Sequence[str], earlier: Path | None, stack: ExitStack
) -> Iterator[Server | tuple[str, str]]:
    """Start everybody; in place of who cannot be, its name and why."""
    yield stack.enter_context(proxy(on))
    if earlier is not None:
        yield stack.enter_context(proxy(on, EARLIER, **earlier_code(earlier)))
    yield stack.enter_context(bare(on, "starlette", "bare Starlette"))
    yield stack.enter_context(bare(on, "asgi", "bare ASGI"))
    server, upstream = stack.enter_context(nginx(on))
    yield server
    for name in peers:
        try:
            yield stack.enter_context(PEERS[name](Around(on, upstream)))
        except (Absent, OSError) as reason:
            yield name, str(reason)


def run(
    on: Ground, servers: Sequence[Server], uncached: Mapping[str, Server], rounds: int
) -> Results:
    """Measure everybody in turns."""
    seen: dict[tuple[str, str], list[Burst]] = defaultdict(list)
    direct: list[float] = []
    storage: list[float] = []
    for turn in range(rounds):
        for what in servers[0].asks:
            for server in (*servers[turn:], *servers[:turn]):
                if what in server.asks:
                    settle(servers)
                    connections = 4 if what == LARGE else 32
                    seen[what, server.name].append(burst(server.asks[what], connections, 1))
        direct.append(megabytes(on.storage))
        storage.append(burst(straight(on.storage), 4, 1).megabytes)
        for what, server in uncached.items():
            settle(servers)
            seen[what, servers[0].name].append(burst(server.asks["10 KB wheel"], 32, 1))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    memory = {server.name: server.mebibytes() for server in servers}
    return Results(seen, memory, median(direct), median(storage))


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument(
        "--earlier", type=Path, help="checkout of an earlier commit to compare with in this run"
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = stack.enter_context(ground(directory, make(directory / "site")))
        started = list(start(on, options.peers, options.earlier, stack))
        servers = [server for server in started if isinstance(server, Server)]
        missing = dict(reason for reason in started if not isinstance(reason, Server))
        quick = replace(on, storage=stack.enter_context(quick_storage(on)))
        uncached = {
            UNCACHED: stack.enter_context(proxy(on, "uncached", CACHE_BYTES="0")),
            QUICK: stack.enter_context(proxy(quick, "uncached quick", CACHE_BYTES="0")),
        }
        results = run(on, servers, uncached, options.rounds)
    print(printed(results, [server.name for server in servers], missing))


if __name__ == "__main__":
    exit_at_sigterm()
    main()
