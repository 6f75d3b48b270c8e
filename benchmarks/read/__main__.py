"""Requests a second of the proxy, of bare applications and of peers, in one interleaved run.

    python -m benchmarks.read [--rounds 5]

Each round sends each request to each server: wrk with 32 connections (4 for 50 MB) for a second.
Before each burst all servers have to be idle. Results are the medians of the rounds, and of ratios
within a round. The load and the storage server share the machine with the measured server: compare
the ratios, not the figures. A wheel that is not cached is also read from nginx in place of
fake-gcs-server, because that takes more CPU to send it than the proxy takes to forward it.
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

from benchmarks.harness.server_process import NotMeasurable, ServerProcess, fetch, settle
from benchmarks.harness.site import make_site
from benchmarks.harness.testbed import (
    Testbed,
    make_earlier_environment,
    start_bare_app,
    start_nginx,
    start_nginx_storage,
    start_proxy,
    start_testbed,
)
from benchmarks.harness.wrk import Burst, run_burst
from benchmarks.peers.read_servers import PEERS, PeerInputs
from benchmarks.read.direct import make_storage_target, measure_client
from benchmarks.read.table import EARLIER, Results, render_table
from testing.processes import exit_at_sigterm

LARGE = "50 MB wheel"
UNCACHED = "10 KB wheel, not cached"
QUICK = f"{UNCACHED}, nginx for storage"


def start_servers(
    testbed: Testbed, peers: Sequence[str], earlier: Path | None, stack: ExitStack
) -> Iterator[ServerProcess | tuple[str, str]]:
    """Start all servers; yield name and reason for each that cannot start."""
    yield stack.enter_context(start_proxy(testbed))
    if earlier is not None:
        yield stack.enter_context(
            start_proxy(testbed, EARLIER, **make_earlier_environment(earlier))
        )
    yield stack.enter_context(start_bare_app(testbed, "starlette", "bare Starlette"))
    yield stack.enter_context(start_bare_app(testbed, "asgi", "bare ASGI"))
    server, upstream = stack.enter_context(start_nginx(testbed))
    yield server
    for name in peers:
        try:
            yield stack.enter_context(PEERS[name](PeerInputs(testbed, upstream)))
        except (NotMeasurable, OSError) as reason:
            yield name, str(reason)


def measure(
    testbed: Testbed,
    servers: Sequence[ServerProcess],
    uncached: Mapping[str, ServerProcess],
    rounds: int,
) -> Results:
    """Measure all servers in turns."""
    seen: dict[tuple[str, str], list[Burst]] = defaultdict(list)
    direct: list[float] = []
    storage: list[float] = []
    for turn in range(rounds):
        for request in servers[0].targets:
            for server in (*servers[turn:], *servers[:turn]):
                if request in server.targets:
                    settle(servers)
                    connections = 4 if request == LARGE else 32
                    seen[request, server.name].append(
                        run_burst(server.targets[request], connections, 1)
                    )
        direct.append(measure_client(testbed.storage))
        storage.append(run_burst(make_storage_target(testbed.storage), 4, 1).megabytes)
        for request, server in uncached.items():
            settle(servers)
            seen[request, servers[0].name].append(run_burst(server.targets["10 KB wheel"], 32, 1))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    memory = {server.name: server.read_mebibytes() for server in servers}
    return Results(seen, memory, median(direct), median(storage), measure_lengths(servers[0]))


def measure_lengths(server: ServerProcess) -> Mapping[str, int]:
    """Return the bytes of the pages with 500 files, plain and gzipped."""
    requests = (name for name in server.targets if name.startswith("500 files"))
    return {name: len(fetch(server.targets[name])[1]) for name in requests}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument(
        "--earlier", type=Path, help="checkout of an earlier commit to compare with in this run"
    )
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        testbed = stack.enter_context(start_testbed(directory, make_site(directory / "site")))
        started = list(start_servers(testbed, options.peers, options.earlier, stack))
        servers = [server for server in started if isinstance(server, ServerProcess)]
        missing = dict(reason for reason in started if not isinstance(reason, ServerProcess))
        quick = replace(testbed, storage=stack.enter_context(start_nginx_storage(testbed)))
        uncached = {
            UNCACHED: stack.enter_context(start_proxy(testbed, "uncached", CACHE_BYTES="0")),
            QUICK: stack.enter_context(start_proxy(quick, "uncached quick", CACHE_BYTES="0")),
        }
        results = measure(testbed, servers, uncached, options.rounds)
    print(render_table(results, [server.name for server in servers], missing))


if __name__ == "__main__":
    exit_at_sigterm()
    main()
