"""The gain of each special option of the proxy's process, measured without it.

    python -m benchmarks.read.options [--rounds 5]

Each variant is the proxy without one option. In each round every variant serves a small page for
three seconds over 32 connections, and the 50 MB wheel over 4. The results are medians: CPU of the
process per page and per wheel, the 99th percentile of a page, and the ratio to the proxy with all
options in the same round. The decisions are in docs/adr/0009 to 0013. It needs wrk.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.harness.server_process import (
    HOST,
    Command,
    ServerProcess,
    make_targets,
    run_process,
    settle,
)
from benchmarks.harness.site import make_site
from benchmarks.harness.testbed import Testbed, start_testbed
from benchmarks.harness.wrk import run_burst
from testing.processes import find_free_port
from testing.services.proxy_processes import make_proxy_environment

PAGE, WHEEL = "small JSON", "50 MB wheel"
SECONDS = 3
ALL = "all options"
WITHOUT: Mapping[str, str] = {
    ALL: "",
    "log through logging": """
from chassis import logs
replace(logs, "write", lambda logger, level, message, values: logger.log(
    level, message, extra=logs.build_extra(**values)))
""",
    "uvicorn's own protocol": """
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
replace(main, "GuardedProtocol", HttpToolsProtocol)
""",
    "head and body apart": """
from proxy.http import protocol
class Passing(protocol.CoalescingTransport):
    def write(self, data):
        self._transport.write(data)
replace(protocol, "CoalescingTransport", Passing)
""",
    "no gc.freeze": """
from chassis import server
replace(server, "freeze_loaded_objects", lambda: None)
""",
    "no mallopt": """
replace(main, "reuse_memory", lambda: None)
""",
}
"""Programs by name; each takes one option away."""

_START = """
from proxy import main
def replace(module, name, value):
    getattr(module, name)
    setattr(module, name, value)
{option}
main.main()
"""


@dataclass(frozen=True)
class BurstCost:
    """Result of one burst."""

    cpu: float
    """Seconds of the server's CPU per response."""
    p99: float
    """Milliseconds."""


@contextmanager
def start_variant(testbed: Testbed, name: str) -> Iterator[ServerProcess]:
    """Start the proxy without an option."""
    port = find_free_port()
    base = f"http://{HOST}:{port}"
    command: Command = [sys.executable, "-c", _START.format(option=WITHOUT[name])]
    settings = make_proxy_environment(port, testbed.storage, testbed.secrets)
    with run_process(command, testbed.make_log_path(name), f"{base}/ready", settings) as pid:
        yield ServerProcess(name, pid, make_targets(base, testbed.authorization))


def measure(server: ServerProcess, target: str, connections: int) -> BurstCost:
    """Send one burst and read the CPU of the server before and after."""
    before = server.read_cpu_seconds()
    result = run_burst(server.targets[target], connections, SECONDS)
    return BurstCost((server.read_cpu_seconds() - before) / (result.rate * SECONDS), result.p99)


def measure_all(
    servers: Sequence[ServerProcess], rounds: int
) -> Mapping[tuple[str, str], Sequence[BurstCost]]:
    """Measure all variants in turn."""
    loads: dict[tuple[str, str], list[BurstCost]] = defaultdict(list)
    for turn in range(rounds):
        for target, connections in ((PAGE, 32), (WHEEL, 4)):
            for server in (*servers[turn % len(servers) :], *servers[: turn % len(servers)]):
                settle(servers)
                loads[server.name, target].append(measure(server, target, connections))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    return loads


def format_row(loads: Mapping[tuple[str, str], Sequence[BurstCost]], name: str) -> str:
    """Return the line of a variant."""

    def compute_cpu(target: str) -> float:
        return median(load.cpu for load in loads[name, target])

    def compute_ratio(target: str) -> float:
        pairs = zip(loads[name, target], loads[ALL, target], strict=True)
        return median(load.cpu / baseline.cpu for load, baseline in pairs)

    p99 = median(load.p99 for load in loads[name, PAGE])
    return (
        f"{name:<24}{compute_cpu(PAGE) * 1e6:>8.0f} us{compute_ratio(PAGE):>7.2f}{p99:>10.1f} ms"
        f"{compute_cpu(WHEEL) * 1e3:>10.0f} ms{compute_ratio(WHEEL):>7.2f}"
    )


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        testbed = stack.enter_context(start_testbed(directory, make_site(directory / "site")))
        servers = [stack.enter_context(start_variant(testbed, name)) for name in WITHOUT]
        loads = measure_all(servers, rounds)
    print(f"{'':<24}{'CPU/page':>11}{'ratio':>7}{'p99/page':>13}{'CPU/50 MB':>13}{'ratio':>7}")
    for name in WITHOUT:
        print(format_row(loads, name))


if __name__ == "__main__":
    main()
