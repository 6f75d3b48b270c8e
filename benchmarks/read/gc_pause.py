"""Pause of a full garbage collection in the idle proxy, with and without ``gc.freeze``.

    python -m benchmarks.read.gc_pause

A page waits for such a collection. The decision is docs/adr/0012.
"""

import gc
import time

from chassis.loaded_objects import freeze_loaded_objects
from proxy import main


def measure_pause() -> float:
    """Return the milliseconds of the shortest of nine full collections."""
    pauses = []
    for _ in range(9):
        started = time.perf_counter()
        gc.collect()
        pauses.append(time.perf_counter() - started)
    return min(pauses) * 1000


def report(name: str) -> None:
    """Print one line."""
    print(f"{name:<16}{len(gc.get_objects()):>8,} tracked objects{measure_pause():>8.2f} ms")


if __name__ == "__main__":
    print(f"{main.__name__} is loaded")
    report("not frozen")
    freeze_loaded_objects()
    report("frozen")
