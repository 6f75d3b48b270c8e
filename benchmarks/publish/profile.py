"""Where the busiest processes spend their time, by py-spy, while wheels are published."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.publish.runtime import Runtime, Wheel, runtime

SECONDS = 12
AFTER = 3.0
"""Seconds until everything is under way."""
SHOWN = 8
SERVICES = ("ingest", "indexer", "publisher")
_SHARED = ("access", "chassis", "checks", "cloud", "local", "schemas")
"""Packages of ours that a service may stand on."""


def of(directory: Path, wheels: Sequence[Wheel]) -> str:
    """A table for the busiest process, and for the busiest service; or why there is none."""
    spy = _py_spy(directory / "py-spy")
    if spy is None:
        return "\npy-spy cannot be installed here: no profile."
    with runtime(directory, 1_000, wheels) as running:
        threading.Thread(target=running.announce, args=(wheels,), daemon=True).start()
        time.sleep(AFTER)
        spent = _spent(running)
        busiest = {max(spent, key=spent.__getitem__), max(SERVICES, key=spent.__getitem__)}
        with ThreadPoolExecutor() as pool:
            paths = {name: directory / f"{name}.stacks" for name in busiest}
            pids = [running.processes[name] for name in busiest]
            list(pool.map(lambda path, pid: _record(spy, path, pid), paths.values(), pids))
    return "\n".join(_table(name, path.read_text()) for name, path in paths.items())


def _spent(running: Runtime) -> dict[str, float]:
    before = running.cpu()
    time.sleep(AFTER)
    return {name: seconds - before[name] for name, seconds in running.cpu().items()}


def _record(spy: Path, output: Path, pid: int) -> None:
    command = [str(spy), "record", "--gil", "--format", "raw", "--output", str(output)]
    limits = ["--duration", str(SECONDS), "--pid", str(pid)]
    subprocess.run([*command, *limits], check=True, capture_output=True)  # noqa: S603 - ours


def _table(name: str, stacks: str) -> str:
    """Shares of the samples: by the package whose code ran, and by our own function above it."""
    packages, ours = Counter[str](), Counter[str]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        packages[_package(frames[-1])] += int(count)
        mine = [frame for frame in frames if _package(frame) in (name, *_SHARED)]
        ours[mine[-1] if mine else "(none of ours)"] += int(count)
    total = sum(packages.values())
    rows = [
        f"\nWhere {name} spends its time ({total} samples):\n",
        "| share | code of |",
        "|---:|---|",
    ]
    rows += [f"| {n / total:.0%} | {which} |" for which, n in packages.most_common(SHOWN)]
    rows += ["", "| share | under our function |", "|---:|---|"]
    rows += [f"| {n / total:.0%} | `{which}` |" for which, n in ours.most_common(SHOWN)]
    return "\n".join(rows)


def _package(frame: str) -> str:
    """The package of a frame, as ``name (path/to/file.py:12)``."""
    path = frame.partition("(")[2].partition(":")[0]
    parts = path.split("/")
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return parts[0].removesuffix(".py") if parts[0] else "the interpreter"


def _py_spy(directory: Path) -> Path | None:
    """Install it into an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)  # noqa: S603 - ours
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "py-spy"]
    done = subprocess.run(pip, capture_output=True)  # noqa: S603 - ours
    return directory / "bin" / "py-spy" if done.returncode == 0 else None
