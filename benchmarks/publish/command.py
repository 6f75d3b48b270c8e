"""Seconds of ``gcpypi publish`` on the native local index, and of ``devpi upload``.

Each round publishes new wheels of 10 kB, five of a project. ``gcpypi publish`` waits until the
index lists each of them; ``--no-wait`` ends after the uploads. ``--peers`` uploads the same wheels
by ``devpi upload`` to devpi, in turn with the command. Each figure is the median of the rounds.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.harness.server_process import HOST, NotMeasurable
from benchmarks.peers.environment import install_peer, run_program
from benchmarks.peers.peer import USER
from benchmarks.peers.publish_servers import PEERS
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.processes import exit_at_sigterm

SIZE = 10_000
"""Bytes of a wheel, about."""

PER_PROJECT = 5

Upload = Callable[[Path], None]
"""Publication of the files in a folder."""

_BARE = ("sh", "env", "tail")
"""Programs of the local index. Without gcloud on its PATH it uses the built-in Pub/Sub."""


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
def run_local_index(folder: Path) -> Iterator[Mapping[str, str]]:
    """Run the native local index on free ports; yield the environment of its clients."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in _BARE:
        (programs / name).symlink_to(shutil.which(name) or "")
    local = [sys.executable, "-m", "local"]
    clients = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    services = {**clients, "PATH": str(programs), "RUNTIME": "native"}
    place = ["--dir", str(folder / "local")]
    try:
        _run([*local, "up", *place, "--port-base", "free"], services)
        lines = (folder / "local" / "env").read_text().splitlines()
        pairs = [line.removeprefix("export ").partition("=") for line in lines if "=" in line]
        yield {**clients, **{name: value.strip("'\"") for name, _, value in pairs}}
    finally:
        _run([*local, "down", *place], services)


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    """Run a program.

    :raises RuntimeError: if it fails.
    """
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def create_publish(environment: Mapping[str, str]) -> Upload:
    """Return ``gcpypi publish``."""
    program = str(Path(sys.executable).with_name("gcpypi"))
    return lambda folder: _run([program, "publish", str(folder)], environment)


def create_upload(environment: Mapping[str, str]) -> Upload:
    """Return ``gcpypi publish --no-wait``."""
    program = str(Path(sys.executable).with_name("gcpypi"))
    return lambda folder: _run([program, "publish", "--no-wait", str(folder)], environment)


@contextmanager
def run_devpi(folder: Path) -> Iterator[Upload]:
    """Run devpi; yield ``devpi upload``.

    :raises NotMeasurable: if it cannot be installed.
    """
    with PEERS["devpi"](folder) as peer:
        client, state = install_peer("devpi") / "devpi", ("--clientdir", folder / "client")
        run_program(client, "use", f"http://{HOST}:{peer.port}/{USER}/dev", *state)

        def upload(files: Path) -> None:
            run_program(client, "upload", *state, "--from-dir", files)

        yield upload


def measure(folder: Path, files: int, rounds: int, *, peers: bool) -> Mapping[str, list[float]]:
    """Return the seconds of each command, round after round."""
    with ExitStack() as stack:
        environment = stack.enter_context(run_local_index(folder / "index"))
        publish, upload = create_publish(environment), create_upload(environment)
        commands = {"gcpypi publish": publish, "gcpypi publish --no-wait": upload}
        if peers:
            commands["devpi upload"] = stack.enter_context(run_devpi(folder / "devpi"))
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds):
            for place, (name, command) in enumerate(commands.items()):
                wheels = write_wheels(folder / f"{number}{place}", f"r{number}{place}", files)
                started = time.monotonic()
                command(wheels)
                seconds[name].append(time.monotonic() - started)
                if command is upload:
                    publish(wheels)  # so that the next command does not wait for these files
    return seconds


def main() -> int:
    """Print the table; return 1 if ``gcpypi publish`` is slower than ``devpi upload``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500, help="wheels of a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds")
    parser.add_argument("--peers", action="store_true", help="measure devpi upload too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        try:
            seconds = measure(Path(name), options.files, options.rounds, peers=options.peers)
        except NotMeasurable as reason:
            print(f"devpi is not measured: {reason}")
            return 1
    print(
        f"| command ({options.files} wheels of 10 kB) | seconds, median | rounds |\n|---|---:|---|"
    )
    for command, all_rounds in seconds.items():
        rounds = ", ".join(f"{each:.1f}" for each in all_rounds)
        print(f"| `{command}` | {median(all_rounds):.1f} | {rounds} |")
    return _report_goal({command: median(each) for command, each in seconds.items()})


def _report_goal(medians: Mapping[str, float]) -> int:
    if "devpi upload" not in medians:
        return 0
    met = medians["gcpypi publish"] <= medians["devpi upload"]
    print(f"\n{'met' if met else 'MISSED'}: gcpypi publish is not slower than devpi upload")
    return 0 if met else 1


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
