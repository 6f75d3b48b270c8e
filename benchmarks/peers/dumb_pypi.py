"""Time of dumb-pypi itself for the same index: a full build, and one after another file."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.seeded_index import FILES_A_PROJECT, make_project_name, make_record


def time_builds(directory: Path, files: int) -> dict[str, float]:
    """Return the seconds of a full build and of one with ``--previous-package-list-json``."""
    directory.mkdir(parents=True, exist_ok=True)
    before, after = directory / "before.json", directory / "after.json"
    lines = list(_make_lines(files))
    newest = json.loads(lines[-1])
    newest["filename"] = newest["filename"].replace("-1.9-", "-9.9-")
    before.write_text("".join(lines))
    after.write_text("".join([*lines, f"{json.dumps(newest)}\n"]))
    return {
        "full": _time_build(directory, "--package-list-json", str(before)),
        "incremental": _time_build(
            directory,
            *("--package-list-json", str(after), "--previous-package-list-json", str(before)),
        ),
    }


def _make_lines(files: int) -> Iterator[str]:
    for number in range(files // FILES_A_PROJECT):
        for file in make_record(make_project_name(number), FILES_A_PROJECT).files.values():
            entry = {
                "filename": file.filename,
                "hash": f"sha256={file.sha256}",
                "requires_python": file.requires_python,
                "requires_dist": file.requires_dist,
                "core_metadata": f"sha256={file.metadata_sha256}",
                "upload_timestamp": int(file.upload_time.timestamp()),
                "uploaded_by": file.uploader,
            }
            yield f"{json.dumps(entry)}\n"


def _time_build(directory: Path, *arguments: str) -> float:
    # dumb-pypi calls functions that Python has deprecated.
    command = [sys.executable, "-W", "ignore", "-m", "dumb_pypi.main", *arguments]
    output = ["--packages-url", "../../packages/", "--output-dir", str(directory / "out")]
    started = time.monotonic()
    subprocess.run([*command, *output], check=True, capture_output=True)  # noqa: S603 - fixed command
    return time.monotonic() - started
