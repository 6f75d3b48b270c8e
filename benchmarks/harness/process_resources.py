"""Resources of a process and of its descendants."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.harness.server_process import walk_tree
from testing.processes.restartable import ResourceUsage


def measure_tree(pid: int) -> ResourceUsage:
    """Return the sums of a process and its descendants. A shared page counts in each of them.

    :raises OSError: if the process itself has ended.
    """
    own = ResourceUsage.read(pid)
    return _add([own, *_read_others(list(walk_tree(pid))[1:])])


def format_load_average() -> str:
    """Return a sentence with the load average of the machine."""
    averages = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"load average of the machine in the last 1, 5 and 15 minutes: {averages}"


def _read_others(pids: Sequence[int]) -> list[ResourceUsage]:
    found = []
    for pid in pids:
        with suppress(OSError):  # it has ended
            found.append(ResourceUsage.read(pid))
    return found


def _add(usages: Sequence[ResourceUsage]) -> ResourceUsage:
    return ResourceUsage(
        descriptors=sum(each.descriptors for each in usages),
        threads=sum(each.threads for each in usages),
        mebibytes=sum(each.mebibytes for each in usages),
    )


def read_peak(pid: int) -> float:
    """Return the peak of the resident memory of a process until now (``VmHWM``), in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def reset_peak(pid: int) -> None:
    """Set the peak of the resident memory to the current value (proc(5), ``clear_refs``)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
