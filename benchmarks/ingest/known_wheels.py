"""Verdicts of ingest about well-known wheels (``make judge-wheels``).

``wheels.txt`` lists the wheels. pip fetches those that are not in the cache. It is a failure if
more than two are refused, or if docs/refusals.md does not list a refused one. The rules are
stricter than those of the public index, but must not refuse well-formed wheels.
"""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from packaging.utils import parse_wheel_filename

from checks.distribution import VerifiedFile, check_name, verify
from checks.policy import MIB, Policy
from checks.refusal import Refused
from testing.processes import exit_at_sigterm

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("wheels.txt")
REFUSALS = ROOT / "docs/refusals.md"
CACHE = Path(os.environ.get("WHEELS", ROOT / ".local/wheels"))
MOST_REFUSED = 2
CHUNK = 4 * MIB


def main() -> int:
    """Fetch, validate, print; return the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    names = LIST.read_text("ascii").split()
    CACHE.mkdir(parents=True, exist_ok=True)
    fetch([name for name in names if not (CACHE / name).exists()])
    started, size = time.monotonic(), sum((CACHE / name).stat().st_size for name in names)
    verdicts = {name: validate(CACHE / name) for name in names}
    seconds = time.monotonic() - started
    refused = {name: each for name, each in verdicts.items() if isinstance(each, Refused)}
    print_report(verdicts)
    print(
        f"{len(names)} wheels, {count_platform_wheels(names)} of them for one platform,"
        f" {size / MIB:.0f} MiB: {len(refused)} refused, in {seconds:.0f} s"
    )
    documented = REFUSALS.read_text("utf-8")
    unlisted = [name for name in refused if name not in documented]
    for name in unlisted:
        print(f"not listed in {REFUSALS.relative_to(ROOT)}: {name}")
    return 1 if unlisted or len(refused) > MOST_REFUSED else 0


def validate(path: Path) -> VerifiedFile | Refused:
    """Validate one wheel as ingest does."""
    try:
        name = check_name(path.name, Policy(), None)
        return verify(name, read_chunks(path), Policy(), path.stat().st_size)
    except Refused as refused:
        return refused


def read_chunks(path: Path) -> Iterator[bytes]:
    """Read the bytes in chunks of the same size as from storage."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def print_report(verdicts: dict[str, VerifiedFile | Refused]) -> None:
    """Print the refusals and the warnings."""
    warned: Counter[str] = Counter()
    for name, verdict in verdicts.items():
        if isinstance(verdict, Refused):
            print(f"refused  {name}: {verdict}")
            continue
        warned.update({warning.partition(":")[0] for warning in verdict.warnings})
        for warning in verdict.warnings:
            print(f"warning  {name}: {warning[:160]}")
    print("wheels with warnings:", ", ".join(f"{code} {n}" for code, n in warned.most_common()))


def count_platform_wheels(names: Iterable[str]) -> int:
    """Count the wheels for one platform."""
    return sum(not name.endswith("-any.whl") for name in names)


def fetch(names: list[str]) -> None:
    """Download wheels by name, version and tags, in one call per set of tags."""
    for flags, group in groupby(sorted(names, key=_choose_flags), key=_choose_flags):
        wheels = list(group)
        print(f"fetching {', '.join(wheels)}", flush=True)
        command = ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(  # noqa: S603 - names from our own list
            [
                sys.executable,
                "-m",
                *command,
                "--dest",
                CACHE,
                *flags,
                *map(_make_requirement, wheels),
            ],
            check=True,
        )


def _make_requirement(filename: str) -> str:
    project, version, _, _ = parse_wheel_filename(filename)
    return f"{project}=={version}"


def _choose_flags(filename: str) -> tuple[str, ...]:
    """Return the flags that let pip choose this wheel on any platform.

    pip prefers the platform of the first flag. A file name lists its platforms from the oldest to
    the newest, and other wheels of the version can have the oldest too: begin with the newest.
    """
    python, abi, platform = filename.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return ()
    flags = [f"--platform={each}" for each in reversed(platform.split("."))]
    if python.startswith("cp"):
        version = f"{python[2]}.{python[3:]}"
        flags += [f"--python-version={version}", "--implementation=cp", f"--abi={abi}"]
    return ("--ignore-requires-python", *flags)


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
