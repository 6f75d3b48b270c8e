"""Wheels a second that the native runtime publishes, into indexes of several sizes.

2 000 wheels of 200 projects are announced at once. The measurement ends when each is on the page of
its project. The processes share the cores of this machine, so CPU time a wheel is more reliable
than the rate. ``--profile`` profiles the busiest service by py-spy in another run, which is not
timed. ``--peers`` measures the uploads of pypiserver, devpi and pypicloud in the same run.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import upload_rates
from benchmarks.publish import profile
from benchmarks.publish.runtime import Runtime, Wheel, describe_wheel, start_runtime
from schemas.names import ProjectName
from testing.processes import exit_at_sigterm

SIZES = (1_000, 10_000, 100_000)
PEER_SIZES = (1_000, 10_000)
WHEELS, PROJECTS = 2_000, 200
LEAST, MOST = 0.8, 1.25
"""Goal for the rates, as multiples of each other."""


@dataclass(frozen=True)
class Rate:
    """Result of one run."""

    seconds: float
    cpu: Mapping[str, float]
    """CPU seconds of each process."""

    @property
    def files(self) -> float:
        """Files a second."""
        return WHEELS / self.seconds


def make_wheels() -> list[Wheel]:
    """Make the wheels to publish, in random order."""
    wheels = [
        describe_wheel(f"fresh_{project:03d}", f"1.{number}")
        for project in range(PROJECTS)
        for number in range(WHEELS // PROJECTS)
    ]
    random.Random(1).shuffle(wheels)  # noqa: S311 - the same order every time
    return wheels


def measure(directory: Path, files: int) -> Rate:
    """Publish all wheels into an index of ``files`` files."""
    batch = make_wheels()
    with start_runtime(directory, files, batch) as running:
        before, started = running.read_cpu_seconds(), time.monotonic()
        running.announce(batch)
        _await_pages(running, batch)
        seconds, after = time.monotonic() - started, running.read_cpu_seconds()
    return Rate(seconds, {name: after[name] - before[name] for name in after})


def _await_pages(running: Runtime, batch: Sequence[Wheel]) -> None:
    """Return when every wheel is listed.

    It reads pages rarely, because each read takes CPU time.
    """
    missing: dict[ProjectName, set[bytes]] = {}
    for _, spelled, version in batch:
        project = ProjectName(spelled.replace("_", "-"))
        missing.setdefault(project, set()).add(f"{spelled}-{version}-py3".encode())
    while missing:
        project, names = next(iter(missing.items()))
        page = running.read_page(project)
        if all(name in page for name in names):
            del missing[project]
        else:
            time.sleep(0.2)


def main() -> int:
    """Print the tables; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure the peers too")
    parser.add_argument("--profile", action="store_true", help="profile the busiest service")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rates = {files: measure(Path(name) / str(files), files) for files in SIZES}
        names = list(rates[SIZES[0]].cpu)
        print(f"| index (files) | files/s | CPU ms a wheel: {' | '.join(names)} |")
        print(f"|---:|---:|{'---:|' * len(names)}")
        for files, rate in rates.items():
            each = (f"{rate.cpu[name] / WHEELS * 1000:.1f}" for name in names)
            print(f"| {files:,} | {rate.files:.1f} | {' | '.join(each)} |", flush=True)
        if options.profile:
            print(profile.profile_services(Path(name) / "profile", make_wheels()), flush=True)
        if options.peers:
            upload_rates.measure(Path(name) / "peers", PEER_SIZES)
    return _report_goal([rate.files for rate in rates.values()])


def _report_goal(rates: Sequence[float]) -> int:
    least, most = min(rates) / max(rates), max(rates) / min(rates)
    met = least >= LEAST and most <= MOST
    verdict = "met" if met else "MISSED"
    print(f"\n{verdict}: the rates are within {least:.2f} and {most:.2f} of each other")
    return 0 if met else 1


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
