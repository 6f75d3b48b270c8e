"""Profile of the busiest processes by py-spy, during a publish of many wheels."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.publish.runtime import Runtime, Wheel, start_runtime

SECONDS = 12
AFTER = 3.0
"""Seconds until all services are busy."""
SHOWN = 8
SERVICES = ("ingest", "indexer", "publisher")
_SHARED = ("access", "chassis", "checks", "cloud", "local", "schemas")
"""Our packages that a service may use."""


def profile_services(directory: Path, wheels: Sequence[Wheel]) -> str:
    """Return a table for the busiest process and one for the busiest service.

    Return a sentence with the reason if py-spy cannot be installed.
    """
    spy = _install_py_spy(directory / "py-spy")
    if spy is None:
        return "\npy-spy cannot be installed here: no profile."
    with start_runtime(directory, 1_000, wheels) as running:
        threading.Thread(target=running.announce, args=(wheels,), daemon=True).start()
        time.sleep(AFTER)
        spent = _measure_cpu(running)
        busiest = {max(spent, key=spent.__getitem__), max(SERVICES, key=spent.__getitem__)}
        with ThreadPoolExecutor() as pool:
            paths = {name: directory / f"{name}.stacks" for name in busiest}
            pids = [running.processes[name] for name in busiest]
            list(pool.map(lambda path, pid: _record(spy, path, pid), paths.values(), pids))
    return "\n".join(_render_table(name, path.read_text()) for name, path in paths.items())


def _measure_cpu(running: Runtime) -> dict[str, float]:
    before = running.read_cpu_seconds()
    time.sleep(AFTER)
    return {name: seconds - before[name] for name, seconds in running.read_cpu_seconds().items()}


def _record(spy: Path, output: Path, pid: int) -> None:
    command = [str(spy), "record", "--gil", "--format", "raw", "--output", str(output)]
    limits = ["--duration", str(SECONDS), "--pid", str(pid)]
    subprocess.run([*command, *limits], check=True, capture_output=True)  # noqa: S603 - ours


def _render_table(name: str, stacks: str) -> str:
    """Render shares of the samples: by package, and by our innermost function."""
    packages, functions = Counter[str](), Counter[str]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        packages[_find_package(frames[-1])] += int(count)
        own_frames = [frame for frame in frames if _find_package(frame) in (name, *_SHARED)]
        functions[own_frames[-1] if own_frames else "(none of ours)"] += int(count)
    total = sum(packages.values())
    rows = [
        f"\nWhere {name} spends its time ({total} samples):\n",
        "| share | code of |",
        "|---:|---|",
    ]
    rows += [f"| {n / total:.0%} | {which} |" for which, n in packages.most_common(SHOWN)]
    rows += ["", "| share | under our function |", "|---:|---|"]
    rows += [f"| {n / total:.0%} | `{which}` |" for which, n in functions.most_common(SHOWN)]
    return "\n".join(rows)


def _find_package(frame: str) -> str:
    """Return the package of a frame such as ``name (path/to/file.py:12)``."""
    path = frame.partition("(")[2].partition(":")[0]
    parts = path.split("/")
    if "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return parts[0].removesuffix(".py") if parts[0] else "the interpreter"


def _install_py_spy(directory: Path) -> Path | None:
    """Install py-spy into a new environment."""
    subprocess.run([sys.executable, "-m", "venv", str(directory)], check=True)  # noqa: S603 - ours
    pip = [str(directory / "bin" / "python"), "-m", "pip", "install", "--quiet", "py-spy"]
    done = subprocess.run(pip, capture_output=True)  # noqa: S603 - ours
    return directory / "bin" / "py-spy" if done.returncode == 0 else None
