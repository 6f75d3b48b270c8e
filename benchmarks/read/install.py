"""Time that pip and uv take to install from the proxy and from nginx, with empty caches.

    python -m benchmarks.read.install [--rounds 5]

pip installs 20 packages of ten kilobytes, uv 100, each time into a new directory and with a new
cache. nginx serves the same pages and files with Basic auth. Each round uses all servers in turns.
The first round warms up and does not count; the results are medians. "Not cached" is a proxy with
``CACHE_BYTES=0``, which reads every page and file from storage.
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

from benchmarks.harness.server_process import Command, NotMeasurable, ServerProcess
from benchmarks.harness.site import make_other_name, make_site
from benchmarks.harness.testbed import USER, Testbed, start_nginx, start_proxy, start_testbed
from testing.processes import exit_at_sigterm

MOST = 1.25
"""Goal: multiple of the time with nginx."""
PACKAGES: Mapping[str, int] = {"pip": 20, "uv": 100}
COMMANDS: Mapping[str, Command] = {
    "pip": [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
    "uv": [Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-config"],
}


def time_install(client: str, index: str) -> float:
    """Return the seconds of one installation."""
    names = [make_other_name(number) for number in range(PACKAGES[client])]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    with tempfile.TemporaryDirectory() as directory:
        place = ["--cache-dir", f"{directory}/cache", "--target", f"{directory}/target"]
        command = [str(w) for w in (*COMMANDS[client], *place, "--index-url", index, *names)]
        started = time.perf_counter()
        subprocess.run(command, check=True, env={**inherited, "PIP_CONFIG_FILE": os.devnull})  # noqa: S603 - the clients
        elapsed = time.perf_counter() - started
        if len(list(Path(directory, "target").glob("*.dist-info"))) != len(names):
            raise NotMeasurable(f"{client} did not install everything")
    return elapsed


def make_index_url(testbed: Testbed, server: ServerProcess) -> str:
    """Return the URL of the index with the token in it, as installers take it."""
    scheme, _, rest = server.targets["root HTML"].url.partition("://")
    return f"{scheme}://{USER}:{testbed.token}@{rest}"


def main() -> int:
    """Print the table; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        testbed = stack.enter_context(start_testbed(directory, make_site(directory / "site")))
        cold = stack.enter_context(start_proxy(testbed, "not cached", CACHE_BYTES="0"))
        servers = [
            stack.enter_context(start_nginx(testbed))[0],
            stack.enter_context(start_proxy(testbed)),
            cold,
        ]
        for turn in range(rounds + 1):
            for client in PACKAGES:
                for server in servers:
                    elapsed = time_install(client, make_index_url(testbed, server))
                    if turn:
                        seen[client, server.name].append(elapsed)
    print(
        "| empty caches, seconds | nginx | gcpypi | ratio to nginx | not cached | ratio to nginx |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    ratios = []
    for client, packages in PACKAGES.items():
        nginx_seconds, ours, uncached = (median(seen[client, server.name]) for server in servers)
        ratios.append(ours / nginx_seconds)
        cells = f"{nginx_seconds:.2f} | {ours:.2f} | {ratios[-1]:.2f} | {uncached:.2f}"
        print(f"| {client}, {packages} packages | {cells} | {uncached / nginx_seconds:.2f} |")
    return 1 if max(ratios) > MOST else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
