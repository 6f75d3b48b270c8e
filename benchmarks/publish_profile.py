"""Where the busiest service spends its time, by py-spy, while wheels are published."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from publish_runtime import Runtime, Wheel, runtime

SECONDS = 12
AFTER = 3.0
"""Seconds until everything is under way."""
SHOWN = 8


def of(directory: Path, wheels: Sequence[Wheel]) -> str:
    """A table of the busiest service's own time by module, or why there is none."""
    spy = _py_spy(directory / "py-spy")
    if spy is None:
        return "\npy-spy cannot be installed here: no profile."
    with runtime(directory, 1_000, wheels) as running:
        threading.Thread(target=running.announce, args=(wheels,), daemon=True).start()
        time.sleep(AFTER)
        name = _busiest(running)
        stacks = directory / "stacks.txt"
        command = [str(spy), "record", "--gil", "--format", "raw", "--output", str(stacks)]
        limits = ["--duration", str(SECONDS), "--pid", str(running.processes[name])]
        subprocess.run([*command, *limits], check=True, capture_output=True)  # noqa: S603 - ours
    return _table(name, stacks.read_text())


def _busiest(running: Runtime) -> str:
    before = running.cpu()
    time.sleep(AFTER)
    after = running.cpu()
    services = ("ingest", "indexer", "publisher")
    return max(services, key=lambda name: after[name] - before[name])


def _table(name: str, stacks: str) -> str:
    """Shares of the samples: by the package whose code ran, and by our own function above it."""
    packages, ours = Counter[str](), Counter[str]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        packages[_package(frames[-1])] += int(count)
        mine = [frame for frame in frames if _package(frame) in (name, "cloud", "schemas")]
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
