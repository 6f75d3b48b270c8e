"""Clock of a process that jumps."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from testing.chaos.shifted_clock import OffsetFile, create_datetime_class, write_offset

PROGRAM = """
import time
from datetime import UTC, datetime
from pydantic import TypeAdapter
now = datetime.now(UTC)
parsed = TypeAdapter(datetime).validate_json(b'"2026-01-02T03:04:05Z"')
assert isinstance(parsed, datetime) and parsed == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
assert abs(time.time() - now.timestamp()) < 600 and abs(time.time_ns() / 1e9 - time.time()) < 600
print(now.isoformat())
"""


def test_the_module_starts_with_the_offset_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    write_offset(tmp_path / "clock", 86400.0)
    command = ["-W", "error", "-m", "testing.chaos.shifted_clock", str(tmp_path / "clock")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    before = datetime.now(UTC)
    done = subprocess.run(
        [sys.executable, *command, "program"], env=environment, capture_output=True, check=True
    )
    found = datetime.fromisoformat(done.stdout.decode().strip()) - timedelta(days=1)
    assert before <= found <= datetime.now(UTC)


def test_a_missing_or_empty_file_means_the_real_time(tmp_path: Path) -> None:
    assert OffsetFile(tmp_path / "clock").seconds == 0.0
    (tmp_path / "clock").touch()
    assert OffsetFile(tmp_path / "clock").seconds == 0.0


def test_the_clock_jumps_while_it_runs(tmp_path: Path) -> None:
    offset = OffsetFile(tmp_path / "clock")
    shifted = create_datetime_class(offset)
    write_offset(tmp_path / "clock", -86400.0)
    offset.read()
    earlier = shifted.now(UTC)
    write_offset(tmp_path / "clock", 86400.0)
    offset.read()
    assert shifted.now(UTC) - earlier >= timedelta(days=2)


def test_real_times_are_instances_and_other_values_are_not(tmp_path: Path) -> None:
    shifted = create_datetime_class(OffsetFile(tmp_path / "clock"))
    assert isinstance(datetime.now(UTC), shifted)
    assert not isinstance(date(2026, 1, 1), shifted)
