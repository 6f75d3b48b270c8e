"""Samples of the resources of the processes, and their means over periods."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from benchmarks.harness.process_resources import measure_tree
from benchmarks.soak.observed_service import ask_count
from benchmarks.soak.soak_runtime import SoakRuntime

MIB = 1024 * 1024
MEASURES = ("MiB", "descriptors", "threads", "tasks")
"""Resident memory, open descriptors, threads, and unfinished asyncio tasks."""

Sample = Mapping[str, float]
"""Values by measure, of one process. ``tasks`` is absent for programs that are not observed."""


@dataclass(frozen=True)
class DiskUsage:
    """Size of the files of the runtime, in MiB."""

    contents: float
    """Files of the large objects."""
    database: float
    """Database with the small objects, with its write-ahead log."""
    logs: float
    """Logs of all programs, which the soak keeps until its end."""

    @classmethod
    def read(cls, runtime: SoakRuntime) -> "DiskUsage":
        """Return the current sizes."""
        buckets = runtime.state.buckets
        return cls(
            _sum_sizes(buckets, "contents/*/*"),
            _sum_sizes(buckets, "objects.sqlite3*"),
            _sum_sizes(runtime.logs, "*"),
        )


def _sum_sizes(folder: Path, pattern: str) -> float:
    total = 0
    for path in folder.glob(pattern):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # the storage has deleted it
            continue
    return total / MIB


@dataclass(frozen=True)
class Period:
    """Means of the samples of one period."""

    hours: float
    """Middle of the period, in hours since the start."""
    means: Mapping[str, Sample]
    """Means by process."""
    disk: DiskUsage
    """Disk at the end of the period."""


def take_samples(runtime: SoakRuntime) -> Mapping[str, Sample]:
    """Measure each process once."""
    return {name: _take_sample(runtime, name) for name in runtime.pids}


def _take_sample(runtime: SoakRuntime, name: str) -> Sample:
    usage = measure_tree(runtime.pids[name])
    values = (usage.mebibytes, usage.descriptors, usage.threads)
    sample = dict(zip(MEASURES, map(float, values), strict=False))
    if socket := runtime.sockets.get(name):
        sample["tasks"] = ask_count(socket)
    return sample


class Sampler(threading.Thread):
    """Thread that takes samples, and reports each period.

    :param interval: seconds between two samples.
    :param length: seconds of a period.
    """

    def __init__(
        self,
        runtime: SoakRuntime,
        interval: float,
        length: float,
        report: Callable[[Period], None],
    ) -> None:
        super().__init__(name="sampler")
        self._runtime, self._interval, self._length = runtime, interval, length
        self._report, self._stop_event = report, threading.Event()
        self.periods: list[Period] = []
        self.error: Exception | None = None

    def stop(self) -> None:
        """End the thread; raise the error that ended it early, if any."""
        self._stop_event.set()
        self.join()
        if self.error:
            raise self.error

    def run(self) -> None:
        """Take samples until :meth:`stop`. A period that is not over counts for nothing."""
        try:
            self._run()
        except Exception as error:
            self.error = error

    def _run(self) -> None:
        started = time.monotonic()
        samples: list[Mapping[str, Sample]] = []
        while not self._stop_event.wait(self._interval):
            samples.append(take_samples(self._runtime))
            end = (len(self.periods) + 1) * self._length
            if time.monotonic() - started >= end:
                hours = (end - self._length / 2) / 3600
                disk = DiskUsage.read(self._runtime)
                self.periods.append(Period(hours, average(samples), disk))
                self._report(self.periods[-1])
                samples = []


def average(samples: Sequence[Mapping[str, Sample]]) -> Mapping[str, Sample]:
    """Return the mean of each measure of each process."""
    return {
        name: {measure: fmean(each[name][measure] for each in samples) for measure in first}
        for name, first in samples[0].items()
    }
