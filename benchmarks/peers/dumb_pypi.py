"""What dumb-pypi itself takes to build the same index: all of it, and after one more file."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.index import FILES_A_PROJECT, project_name, record_of


def builds(directory: Path, files: int) -> dict[str, float]:
    """Seconds of a full build, and of one with ``--previous-package-list-json``."""
    directory.mkdir(parents=True, exist_ok=True)
    before, after = directory / "before.json", directory / "after.json"
    lines = list(_lines(files))
    newest = json.loads(lines[-1])
    newest["filename"] = newest["filename"].replace("-1.9-", "-9.9-")
    before.write_text("".join(lines))
    after.write_text("".join([*lines, f"{json.dumps(newest)}\n"]))
    return {
        "full": _built(directory, "--package-list-json", str(before)),
        "incremental": _built(
            directory,
            *("--package-list-json", str(after), "--previous-package-list-json", str(before)),
        ),
    }


def _lines(files: int) -> Iterator[str]:
    for number in range(files // FILES_A_PROJECT):
        for file in record_of(project_name(number), FILES_A_PROJECT).files.values():
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


def _built(directory: Path, *arguments: str) -> float:
    # It calls what Python has deprecated.
    command = [sys.executable, "-W", "ignore", "-m", "dumb_pypi.main", *arguments]
    output = ["--packages-url", "../../packages/", "--output-dir", str(directory / "out")]
    started = time.monotonic()
    subprocess.run([*command, *output], check=True, capture_output=True)  # noqa: S603 - ourselves
    return time.monotonic() - started
