"""Memory of the indexer with large records at the same time (`indexer.large_records`)."""

import json
import subprocess
import sys
from pathlib import Path

MAX_PEAK = 400 << 20
"""Maximum resident size in bytes; the container of the indexer has 512 MiB."""
PROJECTS = 6


def test_many_projects_with_large_records_stay_within_the_memory() -> None:
    load = Path(__file__).with_name("large_load.py")
    done = subprocess.run(
        [sys.executable, str(load), str(PROJECTS)], capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert result["written"] == PROJECTS
    assert result["peak"] < MAX_PEAK
