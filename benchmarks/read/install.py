"""How long pip and uv take to install from the proxy, beside nginx: whole programs, empty caches.

    python -m benchmarks.read.install [--rounds 5]

pip installs 20 packages of ten kilobytes, uv 100; each time into a new directory and with a new
cache. nginx serves the same pages and files with Basic auth. Each round asks everybody in turns;
the first one warms up and does not count; the medians are printed. "Not cached" is a proxy with
``CACHE_BYTES=0``, which asks storage for every page and file.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.harness.ground import USER, Ground, ground, nginx, proxy
from benchmarks.harness.server import Absent, Command, Server
from benchmarks.harness.site import make, other
from testing.processes import exit_at_sigterm

MOST = 1.25
"""Times nginx's, at most."""
PACKAGES: Mapping[str, int] = {"pip": 20, "uv": 100}
COMMANDS: Mapping[str, Command] = {
    "pip": [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
    "uv": [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-config"],
}


def seconds(client: str, index: str) -> float:
    """How long one installation takes."""
    names = [other(number) for number in range(PACKAGES[client])]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    with tempfile.TemporaryDirectory() as directory:
        place = ["--cache-dir", f"{directory}/cache", "--target", f"{directory}/target"]
        command = [str(w) for w in (*COMMANDS[client], *place, "--index-url", index, *names)]
        began = time.perf_counter()
        subprocess.run(command, check=True, env={**inherited, "PIP_CONFIG_FILE": os.devnull})  # noqa: S603 - the clients
        took = time.perf_counter() - began
        if len(list(Path(directory, "target").glob("*.dist-info"))) != len(names):
            raise Absent(f"{client} did not install everything")
    return took


def index_of(on: Ground, server: Server) -> str:
    """Its address with the token in it, as installers take it."""
    scheme, _, rest = server.asks["root HTML"].url.partition("://")
    return f"{scheme}://{USER}:{on.token}@{rest}"


def main() -> int:
    """Print the table; return 1 if the proxy takes longer than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = stack.enter_context(ground(directory, make(directory / "site")))
        cold = stack.enter_context(proxy(on, "not cached", CACHE_BYTES="0"))
        servers = [stack.enter_context(nginx(on))[0], stack.enter_context(proxy(on)), cold]
        for turn in range(rounds + 1):
            for client in PACKAGES:
                for server in servers:
                    took = seconds(client, index_of(on, server))
                    if turn:
                        seen[client, server.name].append(took)
    print("| empty caches, seconds | nginx | gcpypi | of nginx | not cached | of nginx |")
    print("|---|---:|---:|---:|---:|---:|")
    ratios = []
    for client, packages in PACKAGES.items():
        least, ours, uncached = (median(seen[client, server.name]) for server in servers)
        ratios.append(ours / least)
        cells = f"{least:.2f} | {ours:.2f} | {ratios[-1]:.2f} | {uncached:.2f}"
        print(f"| {client}, {packages} packages | {cells} | {uncached / least:.2f} |")
    return 1 if max(ratios) > MOST else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
