"""The gain of each special option of the proxy's process, by leaving it out.

    python -m benchmarks.read.options [--rounds 5]

Each variant is the proxy without one option. In each round every variant serves a small page for
three seconds over 32 connections, and the 50 MB wheel over 4. Printed are medians: CPU of the
process per page and per wheel, the 99th percentile of a page, and the ratio to the proxy with all
options in the same round. The decisions are in docs/adr/0009 to 0013. Needs wrk.
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

from benchmarks.harness.ground import Ground, ground
from benchmarks.harness.server import (
    HOST,
    Command,
    Server,
    free_port,
    running,
    same_addresses,
    settle,
)
from benchmarks.harness.site import make
from benchmarks.harness.wrk import burst
from testing.services.proxied import environment

PAGE, WHEEL = "small JSON", "50 MB wheel"
SECONDS = 3
ALL = "all options"
WITHOUT: Mapping[str, str] = {
    ALL: "",
    "log through logging": """
from chassis import logs
replace(logs, "write", lambda logger, level, message, values: logger.log(
    level, message, extra=logs.facts(**values)))
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
replace(main, "freeze_loaded_objects", lambda: None)
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
class Load:
    """Result of one burst."""

    cpu: float
    """Seconds of the server's CPU per response."""
    p99: float
    """Milliseconds."""


@contextmanager
def variant(on: Ground, name: str) -> Iterator[Server]:
    """Start the proxy without an option."""
    port = free_port()
    base = f"http://{HOST}:{port}"
    command: Command = [sys.executable, "-c", _START.format(option=WITHOUT[name])]
    settings = environment(port, on.storage, on.secrets)
    with running(command, on.log(name), f"{base}/ready", settings) as pid:
        yield Server(name, pid, same_addresses(base, on.authorization))


def measure(server: Server, ask: str, connections: int) -> Load:
    """Send one burst and read the CPU of the server before and after."""
    before = server.seconds()
    result = burst(server.asks[ask], connections, SECONDS)
    return Load((server.seconds() - before) / (result.rate * SECONDS), result.p99)


def run(servers: Sequence[Server], rounds: int) -> Mapping[tuple[str, str], Sequence[Load]]:
    """Measure all variants in turn."""
    loads: dict[tuple[str, str], list[Load]] = defaultdict(list)
    for turn in range(rounds):
        for ask, connections in ((PAGE, 32), (WHEEL, 4)):
            for server in (*servers[turn % len(servers) :], *servers[: turn % len(servers)]):
                settle(servers)
                loads[server.name, ask].append(measure(server, ask, connections))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
    return loads


def row(loads: Mapping[tuple[str, str], Sequence[Load]], name: str) -> str:
    """Return the line of a variant."""

    def cpu(ask: str) -> float:
        return median(load.cpu for load in loads[name, ask])

    def ratio(ask: str) -> float:
        pairs = zip(loads[name, ask], loads[ALL, ask], strict=True)
        return median(load.cpu / whole.cpu for load, whole in pairs)

    p99 = median(load.p99 for load in loads[name, PAGE])
    return (
        f"{name:<24}{cpu(PAGE) * 1e6:>8.0f} us{ratio(PAGE):>7.2f}{p99:>10.1f} ms"
        f"{cpu(WHEEL) * 1e3:>10.0f} ms{ratio(WHEEL):>7.2f}"
    )


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = stack.enter_context(ground(directory, make(directory / "site")))
        servers = [stack.enter_context(variant(on, name)) for name in WITHOUT]
        loads = run(servers, rounds)
    print(f"{'':<24}{'CPU/page':>11}{'ratio':>7}{'p99/page':>13}{'CPU/50 MB':>13}{'ratio':>7}")
    for name in WITHOUT:
        print(row(loads, name))


if __name__ == "__main__":
    main()
