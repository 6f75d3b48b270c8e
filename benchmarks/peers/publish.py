"""Upload rates of the private indexes people use today, on the same machine in the same run.

Each is filled to the index's size in the quickest way it has, then given uploads by eight clients
at once over the legacy API. Where one cannot be installed, the table says so.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness.server import Absent
from benchmarks.peers.peer import CLIENTS, Peer
from benchmarks.peers.publish_servers import PEERS

SECONDS = 12.0
"""How long uploads are counted at each size."""


def measure(directory: Path, sizes: Sequence[int]) -> None:
    """Print the table."""
    print("\n| peer | index (files) | uploads/s |\n|---|---:|---:|")
    for name, start in PEERS.items():
        try:
            with start(directory / name) as peer:
                _measure(peer, sizes)
        except Absent as reason:
            print(f"| {name} | | not measured: {reason} |", flush=True)


def _measure(peer: Peer, sizes: Sequence[int]) -> None:
    filled = 0
    for files in sizes:
        peer.fill(peer, range(filled, files))
        filled = files
        peer.upload("warm_up", f"1.{files}")
        print(f"| {peer.name} | {files:,} | {_rate(peer, files):.1f} |", flush=True)


def _rate(peer: Peer, files: int) -> float:
    """Uploads a second, of new projects, until the time is over."""
    stop = time.monotonic() + SECONDS

    def work(client: int) -> int:
        count = 0
        while time.monotonic() < stop:
            peer.upload(f"up_{files}_{client}_{count}", "1.0")
            count += 1
        return count

    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        count = sum(pool.map(work, range(CLIENTS)))
    return count / (time.monotonic() - started)
