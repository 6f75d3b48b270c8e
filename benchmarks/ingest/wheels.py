"""``make judge-wheels``: what ingest makes of wheels that everybody installs.

`wheels.txt` names them; pip fetches those that are not in the cache. More than two refusals, or one
that docs/refusals.md does not list, is a failure: the rules are stricter than the public index's
and must not be stricter than the honest world.
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

from checks.distribution import Verified, check_name, verify
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
    """Fetch, judge, print; return the exit code."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    wanted = LIST.read_text("ascii").split()
    CACHE.mkdir(parents=True, exist_ok=True)
    fetch([name for name in wanted if not (CACHE / name).exists()])
    started, size = time.monotonic(), sum((CACHE / name).stat().st_size for name in wanted)
    verdicts = {name: judge(CACHE / name) for name in wanted}
    seconds = time.monotonic() - started
    refused = {name: each for name, each in verdicts.items() if isinstance(each, Refused)}
    report(verdicts)
    print(
        f"{len(wanted)} wheels, {compiled(wanted)} of them for one platform, {size / MIB:.0f} MiB:"
        f" {len(refused)} refused, in {seconds:.0f} s"
    )
    documented = REFUSALS.read_text("utf-8")
    unlisted = [name for name in refused if name not in documented]
    for name in unlisted:
        print(f"not listed in {REFUSALS.relative_to(ROOT)}: {name}")
    return 1 if unlisted or len(refused) > MOST_REFUSED else 0


def judge(path: Path) -> Verified | Refused:
    """Read one wheel as ingest does."""
    try:
        name = check_name(path.name, Policy(), None)
        return verify(name, chunks(path), Policy(), path.stat().st_size)
    except Refused as refused:
        return refused


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes as storage gives them."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def report(verdicts: dict[str, Verified | Refused]) -> None:
    """Print what was refused, and what was warned of."""
    warned: Counter[str] = Counter()
    for name, verdict in verdicts.items():
        if isinstance(verdict, Refused):
            print(f"refused  {name}: {verdict}")
            continue
        warned.update({warning.partition(":")[0] for warning in verdict.warnings})
        for warning in verdict.warnings:
            print(f"warning  {name}: {warning[:160]}")
    print("wheels with warnings:", ", ".join(f"{code} {n}" for code, n in warned.most_common()))


def compiled(names: Iterable[str]) -> int:
    """How many are for one platform."""
    return sum(not name.endswith("-any.whl") for name in names)


def fetch(names: list[str]) -> None:
    """Download wheels by name, version and tags, as many in one go as have the same tags."""
    for flags, group in groupby(sorted(names, key=_flags), key=_flags):
        wheels = list(group)
        print(f"fetching {', '.join(wheels)}", flush=True)
        command = ["pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(  # noqa: S603 - names from our own list
            [sys.executable, "-m", *command, "--dest", CACHE, *flags, *map(_requirement, wheels)],
            check=True,
        )


def _requirement(filename: str) -> str:
    project, version, _, _ = parse_wheel_filename(filename)
    return f"{project}=={version}"


def _flags(filename: str) -> tuple[str, ...]:
    """What makes pip take this very wheel, whatever it runs on."""
    python, abi, platform = filename.removesuffix(".whl").split("-")[-3:]
    if platform == "any":
        return ()
    given = [f"--platform={each}" for each in platform.split(".")]
    if python.startswith("cp"):
        version = f"{python[2]}.{python[3:]}"
        given += [f"--python-version={version}", "--implementation=cp", f"--abi={abi}"]
    return ("--ignore-requires-python", *given)


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
