"""Upload rates of other private indexes, on the same machine in the same run.

Each is filled to the size of the index in its fastest way. Then eight clients at once upload over
the legacy API. If one cannot be installed, the table has the reason.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.harness.server_process import NotMeasurable
from benchmarks.peers.peer import CLIENTS, Peer
from benchmarks.peers.publish_servers import PEERS

PeerRates = dict[tuple[int, str], float]
"""Uploads a second, by files of the index and name of the peer."""

SECONDS = 12.0
"""Duration of the uploads at each size."""


def measure(directory: Path, sizes: Sequence[int]) -> PeerRates:
    """Print the table; return the uploads a second of the measured peers."""
    print("\n| peer | index (files) | uploads/s |\n|---|---:|---:|")
    rates: PeerRates = {}
    for name, start in PEERS.items():
        try:
            with start(directory / name) as peer:
                rates |= {(files, name): rate for files, rate in _measure(peer, sizes)}
        except NotMeasurable as reason:
            print(f"| {name} | | not measured: {reason} |", flush=True)
    return rates


def _measure(peer: Peer, sizes: Sequence[int]) -> Iterator[tuple[int, float]]:
    filled = 0
    for files in sizes:
        peer.fill(peer, range(filled, files))
        filled = files
        peer.upload("warm_up", f"1.{files}")
        rate = _measure_rate(peer, files)
        print(f"| {peer.name} | {files:,} | {rate:.1f} |", flush=True)
        yield files, rate


def _measure_rate(peer: Peer, files: int) -> float:
    """Return the uploads of new projects a second."""
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
