"""Latency to the JSON page, of this checkout and of an earlier one in turns.

Each checkout runs its own services, relay and stand-ins in its own ``.venv``. Both run at the same
time, and the one that is not measured is idle. The order changes with each round, so that other
work on the machine affects both. The load average is printed, because other work also makes both
results less certain. After each wheel is a pause, in which the work for it ends.

Here all services share the cores of one machine. In Google Cloud the service web has CPUs of its
own. ``--stop web`` stops its process during the measurement, so that it takes no CPU time.

A second table has the CPU time of each process for one wheel. It depends less on other work than
the latency, and includes the work after the page is written.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testing.processes import Process

FILES = 1_000
"""Files of each index."""
WHEELS = 5
"""Wheels of a round, published one after the other."""
PAUSE = 2.0
"""Seconds after a wheel.

The relay begins the deliveries to the catalog and to web after a second without another delivery.
With a shorter pause their work for a wheel can fall into the measurement of the next one.
"""
MOST = 1.05
"""Goal: the median of the rounds' ratios of this version to the earlier one."""

_PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
from benchmarks.publish import latency
from benchmarks.publish.runtime import start_runtime
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
directory, files, latency.PUBLISHES = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
pause, stopped = float(sys.argv[4]), sys.argv[5:]
batch = latency.make_wheels()
with start_runtime(directory, files, batch) as running:
    processes = [running.processes[name] for name in stopped if name in running.processes]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        for line in sys.stdin:
            seconds, before = [], running.read_cpu_seconds()
            for number in range(*json.loads(line)):
                seconds += latency.publish(running, batch[number : number + 1], number)
                time.sleep(pause)
            after = running.read_cpu_seconds()
            cpu = {name: after[name] - before[name] for name in after}
            print(json.dumps([seconds, cpu]), flush=True)
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
"""
"""Publisher of wheels: it reads the numbers of wheels, and prints the seconds of each wheel.

It also prints the CPU seconds of each process.
"""


@dataclass(frozen=True)
class LatencyRound:
    """Measured values of one round."""

    latency: float
    """Median of the seconds of its wheels."""
    cpu: Mapping[str, float]
    """CPU seconds of each process, for one wheel."""


class LatencyProcess:
    """Running services of a checkout, which publish the wheels of one round after the other."""

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the process has no pipes")
        self._process, self._next = process, 0
        self._requests, self._answers = process.stdin, process.stdout

    def measure(self) -> LatencyRound:
        """Publish the next wheels."""
        first, self._next = self._next, self._next + WHEELS
        self._requests.write(f"{json.dumps([first, self._next])}\n".encode())
        self._requests.flush()
        line = self._answers.readline()
        if not line:
            sys.exit(f"the benchmark ended with exit code {self._process.wait()}")
        seconds, cpu = json.loads(line)
        return LatencyRound(statistics.median(seconds), {name: cpu[name] / WHEELS for name in cpu})


def compare(earlier: Path, rounds: int, stopped: Sequence[str]) -> int:
    """Print the table of both versions; return 1 if the goal is missed.

    :param stopped: names of the services to stop.
    """
    ours = Path(__file__).parents[2]
    before = os.getloadavg()
    with (
        tempfile.TemporaryDirectory() as name,
        _start(ours, Path(name) / "ours", rounds, stopped) as ours_process,
        _start(earlier, Path(name) / "earlier", rounds, stopped) as earlier_process,
    ):
        pairs = list(_measure_rounds(ours_process, earlier_process, rounds))
    load = f"1-minute load {before[0]:.1f} before, {os.getloadavg()[0]:.1f} after"
    return _report(pairs, f"{load}{', without ' if stopped else ''}{', '.join(stopped)}")


@contextmanager
def _start(
    checkout: Path, directory: Path, rounds: int, stopped: Sequence[str]
) -> Iterator[LatencyProcess]:
    python = checkout.absolute() / ".venv/bin/python"
    if not python.exists():
        sys.exit(f"{checkout} has no .venv; run `make install` in it")
    numbers = (FILES, (rounds + 1) * WHEELS, PAUSE)
    with Process(
        [python, "-c", _PROGRAM, directory.absolute(), *map(str, numbers), *stopped],
        environment={**os.environ, "PYTHONPATH": "."},
        folder=checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield LatencyProcess(process)


def _measure_rounds(
    ours: LatencyProcess, earlier: LatencyProcess, rounds: int
) -> Iterator[tuple[LatencyRound, LatencyRound]]:
    """Yield each round of both, after a round that does not count."""
    for process in (ours, earlier):
        process.measure()
    for turn in range(rounds):
        order = (ours, earlier) if turn % 2 == 0 else (earlier, ours)
        measured = {process: process.measure() for process in order}
        yield measured[ours], measured[earlier]


def _report(pairs: Sequence[tuple[LatencyRound, LatencyRound]], load: str) -> int:
    rounds_by_version = dict(zip(("ours", "earlier"), zip(*pairs, strict=True), strict=True))
    print("| version | median of the rounds | quartiles |")
    print("|---|---:|---:|")
    for name, measured in rounds_by_version.items():
        values = [each.latency for each in measured]
        low, middle, high = (value * 1000 for value in statistics.quantiles(values, n=4))
        print(f"| {name} | {middle:.0f} ms | {low:.0f} to {high:.0f} ms |")
    ratios = [ours.latency / old.latency for ours, old in pairs]
    low, ratio, high = statistics.quantiles(ratios, n=4)
    print(f"| ratio | {ratio:.2f} | {low:.2f} to {high:.2f} |\n")
    _report_cpu(rounds_by_version)
    met = ratio <= MOST
    rounds = f"{len(pairs)} rounds of {WHEELS} wheels, {load}"
    print(f"\n{'met   ' if met else 'MISSED'} ratio {ratio:.2f}, at most {MOST} ({rounds})")
    return 0 if met else 1


def _report_cpu(rounds_by_version: Mapping[str, Sequence[LatencyRound]]) -> None:
    """Print the mean CPU time of each process for one wheel."""
    names = list(
        dict.fromkeys(name for [first, *_] in rounds_by_version.values() for name in first.cpu)
    )
    print(f"| CPU ms a wheel | {' | '.join(names)} | all |")
    print(f"|---|{'---:|' * (len(names) + 1)}")
    for version, measured in rounds_by_version.items():
        means = {
            name: statistics.mean(each.cpu[name] for each in measured) * 1000
            for name in measured[0].cpu
        }
        cells = [f"{means[name]:.1f}" if name in means else "" for name in names]
        print(f"| {version} | {' | '.join(cells)} | {sum(means.values()):.1f} |")
