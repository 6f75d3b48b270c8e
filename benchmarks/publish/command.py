"""Seconds and CPU time of ``gcpypi publish`` on the native local index, and of ``devpi upload``.

Each round publishes new wheels of 10 kB, five of a project. ``gcpypi publish`` waits until the
index lists each of them; ``--no-wait`` ends after the uploads. ``--peers`` uploads the same wheels
by ``devpi upload`` to devpi, and ``--earlier`` publishes them by another checkout to its own local
index, all in turn with the command. Each figure is the median of the rounds. The CPU time includes
the work of the index after the end of the command; the next command begins when all are idle.
A first publication, which is not timed, writes the bytecode of the command, as the first run after
an installation does; devpi has its bytecode from pip.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.harness.server_process import HOST, NotMeasurable, ServerProcess, settle
from benchmarks.peers.environment import install_peer, run_program
from benchmarks.peers.peer import USER
from benchmarks.peers.publish_servers import PEERS
from benchmarks.publish.local_index import run_local_index
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import exit_at_sigterm

SIZE = 10_000
"""Bytes of a wheel, about."""

PER_PROJECT = 5

PUBLISH, DEVPI = "gcpypi publish", "devpi upload"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Command under measurement, and the servers that work for it."""

    upload: Callable[[Path], None]
    """Publication of the files in a folder."""
    servers: Sequence[ServerProcess]
    follow: Callable[[Path], None] = lambda files: None
    """Work after each measurement, which is not timed."""


@dataclass(frozen=True, slots=True)
class Round:
    """Result of one publication."""

    seconds: float
    cpu: Mapping[str, float]
    """CPU seconds of the command and of each server."""


Results = Mapping[str, list[Round]]
"""Rounds of each command."""


def write_wheels(folder: Path, label: str, files: int) -> Path:
    """Write new wheels into a folder."""
    folder.mkdir()
    noise = random.Random(label)  # noqa: S311 - the same bytes every time
    for number in range(files):
        name, version = f"{label}_{number // PER_PROJECT:04}", f"1.{number % PER_PROJECT}"
        body = noise.randbytes(SIZE - 900)
        (folder / wheel_filename(name, version)).write_bytes(build_wheel(name, version, body=body))
    return folder


@contextmanager
def run_devpi(folder: Path) -> Iterator[Candidate]:
    """Run devpi; yield ``devpi upload``.

    :raises NotMeasurable: if it cannot be installed.
    """
    with PEERS["devpi"](folder) as peer:
        client, state = install_peer("devpi") / "devpi", ("--clientdir", folder / "client")
        run_program(client, "use", f"http://{HOST}:{peer.port}/{USER}/dev", *state)

        def upload(files: Path) -> None:
            run_program(client, "upload", *state, "--from-dir", files)

        # devpi's server is a descendant of this process; the local indexes are none.
        yield Candidate(upload, [ServerProcess("server", os.getpid())])


@contextmanager
def run_commands(folder: Path, options: argparse.Namespace) -> Iterator[Mapping[str, Candidate]]:
    """Start the indexes; yield the commands by name."""
    with ExitStack() as stack:
        programs = Path(sys.executable).parent
        index = stack.enter_context(run_local_index(programs, folder / "index"))
        no_wait = partial(_reverse, index.publish, "--no-wait")
        # The next command does not wait for the files of the command that does not wait.
        found = {
            PUBLISH: Candidate(index.publish, index.processes),
            f"{PUBLISH} --no-wait": Candidate(no_wait, index.processes, index.publish),
        }
        if options.earlier:
            programs = options.earlier.absolute() / ".venv" / "bin"
            earlier = stack.enter_context(run_local_index(programs, folder / "earlier"))
            found[f"earlier {PUBLISH}"] = Candidate(earlier.publish, earlier.processes)
        if options.peers:
            found[DEVPI] = stack.enter_context(run_devpi(folder / "devpi"))
        yield found


def _reverse(publish: Callable[..., None], option: str, files: Path) -> None:
    publish(files, option)


def measure(folder: Path, options: argparse.Namespace) -> Results:
    """Return the rounds of each command."""
    with run_commands(folder, options) as candidates:
        for place, candidate in enumerate(candidates.values()):
            label = f"first{place}"
            candidate.upload(write_wheels(folder / label, label, PER_PROJECT))
        rounds: dict[str, list[Round]] = {name: [] for name in candidates}
        for number in range(options.rounds):
            for place, (name, candidate) in enumerate(candidates.items()):
                label = f"r{number}{place}"
                wheels = write_wheels(folder / label, label, options.files)
                rounds[name].append(_measure_once(candidate, wheels))
                print(f"{name}: {rounds[name][-1].seconds:.1f} s", file=sys.stderr, flush=True)
    return rounds


def _measure_once(candidate: Candidate, wheels: Path) -> Round:
    _settle(candidate.servers)
    before, started = _read_cpu(candidate), time.monotonic()
    candidate.upload(wheels)
    seconds = time.monotonic() - started
    _settle(candidate.servers)
    after = _read_cpu(candidate)
    candidate.follow(wheels)
    _settle(candidate.servers)
    return Round(seconds, {name: after[name] - before[name] for name in after})


def _settle(servers: Sequence[ServerProcess]) -> None:
    """Wait for the end of the work after the command, such as that of the pages for people."""
    settle(servers, pause=2.0, longest=120.0)


def _read_cpu(candidate: Candidate) -> Mapping[str, float]:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    servers = {each.name: each.read_cpu_seconds() for each in candidate.servers}
    return {"command": usage.ru_utime + usage.ru_stime, **servers}


def print_seconds(results: Results, files: int) -> None:
    """Print the seconds of each command."""
    print(f"| command ({files} wheels of 10 kB) | seconds, median | rounds |\n|---|---:|---|")
    for command, rounds in results.items():
        each = ", ".join(f"{one.seconds:.1f}" for one in rounds)
        print(f"| `{command}` | {median(one.seconds for one in rounds):.1f} | {each} |")


def print_cpu(results: Results, files: int) -> None:
    """Print the CPU time a wheel of each process, and of all."""
    names = list(dict.fromkeys(name for rounds in results.values() for name in rounds[0].cpu))
    print(f"\n| CPU ms a wheel | {' | '.join([*names, 'all'])} |\n|---|{'---:|' * len(names)}---:|")
    for command, rounds in results.items():
        totals = [{**one.cpu, "all": sum(one.cpu.values())} for one in rounds]
        cells = [
            f"{median(one[name] for one in totals) / files * 1000:.1f}" if name in totals[0] else ""
            for name in (*names, "all")
        ]
        print(f"| `{command}` | {' | '.join(cells)} |")


def main() -> int:
    """Print the tables; return 1 if ``gcpypi publish`` is slower than ``devpi upload``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500, help="wheels of a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds")
    parser.add_argument("--peers", action="store_true", help="measure devpi upload too")
    parser.add_argument(
        "--earlier", type=Path, help="checkout of another commit, with a .venv, to compare with"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            results = measure(Path(name), options)
        except NotMeasurable as reason:
            print(f"devpi is not measured: {reason}")
            return 1
    print_seconds(results, options.files)
    print_cpu(results, options.files)
    return _report_goal(results)


def _report_goal(results: Results) -> int:
    if DEVPI not in results:
        return 0
    ratio = median(
        ours.seconds / theirs.seconds
        for ours, theirs in zip(results[PUBLISH], results[DEVPI], strict=True)
    )
    ours, theirs = (median(one.seconds for one in results[name]) for name in (PUBLISH, DEVPI))
    met = ours <= theirs
    print(f"\n{'met' if met else 'MISSED'}: gcpypi publish is not slower than devpi upload")
    print(f"Ratio of the seconds, median of the rounds: {ratio:.2f}")
    return 0 if met else 1


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
