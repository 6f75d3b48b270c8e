"""Wheels a second that the native runtime publishes, into indexes of several sizes.

2 000 wheels of 200 projects are announced at once. The measurement ends when each is on the page of
its project. The processes share the cores of this machine, so CPU time a wheel is more reliable
than the rate. ``--profile`` profiles the busiest service by py-spy in another run, which is not
timed. ``--peers`` measures the uploads of pypiserver, devpi and pypicloud in the same run, at the
same sizes up to 10 000 files. The goal is to be ahead of pypicloud and pypiserver.
``--earlier`` also measures an earlier checkout with its own ``.venv``, in turns with this one; the
results are then medians of ``--rounds``, and of the ratios within a round.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.peers import upload_rates
from benchmarks.publish import earlier, profile
from benchmarks.publish.rates import EARLIER, OURS, Rate, Rates, render_table
from benchmarks.publish.runtime import Runtime, Wheel, describe_wheel, start_runtime
from schemas.names import ProjectName
from testing.processes import exit_at_sigterm

SIZES = (1_000, 10_000, 100_000)
LARGEST_PEER = 10_000
"""Files of the largest index of a peer, because the peers are filled file by file."""
SLOWER_PEERS = ("pypicloud", "pypiserver")
WHEELS, RELEASES = 2_000, 10
"""Number of wheels, and of the releases of each project."""
LEAST, MOST = 0.8, 1.25
"""Goal for the rates, as multiples of each other."""


def make_wheels(count: int = WHEELS) -> list[Wheel]:
    """Make the wheels to publish, in random order.

    :param count: a multiple of :data:`RELEASES`.
    """
    wheels = [
        describe_wheel(f"fresh_{project:03d}", f"1.{number}")
        for project in range(count // RELEASES)
        for number in range(RELEASES)
    ]
    random.Random(1).shuffle(wheels)  # noqa: S311 - the same order every time
    return wheels


def measure(directory: Path, files: int, batch: Sequence[Wheel]) -> Rate:
    """Publish a batch into an index of ``files`` files."""
    with start_runtime(directory, files, batch) as running:
        before, started = running.read_cpu_seconds(), time.monotonic()
        running.announce(batch)
        _await_pages(running, batch)
        seconds, after = time.monotonic() - started, running.read_cpu_seconds()
    return Rate(len(batch), seconds, {name: after[name] - before[name] for name in after})


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


def measure_all(directory: Path, options: argparse.Namespace) -> Rates:
    """Measure this version, and in turns the earlier checkout, at each size."""
    rates: Rates = {}
    for files in options.sizes:
        for turn in range(options.rounds):
            versions = [OURS, EARLIER] if options.earlier else [OURS]
            for version in versions if turn % 2 == 0 else reversed(versions):
                place = directory / f"{files}-{version.replace(' ', '-')}-{turn}"
                if version == OURS:
                    rate = measure(place, files, make_wheels(options.wheels))
                else:
                    rate = earlier.measure(options.earlier, place, files, options.wheels)
                rates.setdefault((files, version), []).append(rate)
                print(f"{files:,} files, {version}: {rate.files:.1f}", file=sys.stderr, flush=True)
    return rates


def main() -> int:
    """Print the tables; return 1 if the goal is missed."""
    options = _parse_options()
    with tempfile.TemporaryDirectory() as name:
        rates = measure_all(Path(name), options)
        print(render_table(rates), flush=True)
        if options.profile:
            print(profile.profile_services(Path(name) / "profile", make_wheels()), flush=True)
        ours = {files: median(r.files for r in rates[files, OURS]) for files in options.sizes}
        ahead = True
        if options.peers:
            sizes = [files for files in sorted(options.sizes) if files <= LARGEST_PEER]
            peers = upload_rates.measure(Path(name) / "peers", sizes)
            ahead = all([_compare(ours[files], files, peers) for files in sizes])
    return max(_report_goal(list(ours.values())), 0 if ahead else 1)


def _compare(ours: float, files: int, peers: upload_rates.PeerRates) -> bool:
    """Print whether we are ahead of the slower peers at one size; an absent peer is a miss."""
    rates = {name: peers.get((files, name)) for name in SLOWER_PEERS}
    met = all(rate is not None and ours > rate for rate in rates.values())
    print(f"\n{'met' if met else 'MISSED'}: ahead of {' and '.join(rates)} at {files:,} files")
    return met


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="measure the peers too")
    parser.add_argument("--profile", action="store_true", help="profile the busiest service")
    parser.add_argument(
        "--earlier", type=Path, help="checkout of an earlier commit, with a .venv, to compare with"
    )
    parser.add_argument("--rounds", type=_parse_positive, default=1, help="runs of each version")
    parser.add_argument("--sizes", type=_parse_positive, nargs="+", default=SIZES)
    parser.add_argument("--wheels", type=_parse_positive, default=WHEELS)
    options = parser.parse_args()
    if options.wheels % RELEASES:
        parser.error(f"--wheels must be a multiple of {RELEASES}")
    return options


def _parse_positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _report_goal(rates: Sequence[float]) -> int:
    least, most = min(rates) / max(rates), max(rates) / min(rates)
    met = least >= LEAST and most <= MOST
    verdict = "met" if met else "MISSED"
    print(f"\n{verdict}: the rates are within {least:.2f} and {most:.2f} of each other")
    return 0 if met else 1


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
