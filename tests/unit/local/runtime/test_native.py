"""The native runtime and the buckets of an earlier release."""

from pathlib import Path

from local.runtime.native import report_earlier_buckets
from local.runtime.state import State


def test_the_files_of_an_earlier_release_are_named_with_the_command_for_them(
    tmp_path: Path,
) -> None:
    state, lines = State(tmp_path), list[str]()
    report_earlier_buckets(state, lines.append)
    assert lines == []

    packages = tmp_path / "storage" / "gcpypi-local-packages"
    packages.mkdir(parents=True)
    report_earlier_buckets(state, lines.append)
    assert lines[0].endswith(
        f"{tmp_path / 'storage'} has the buckets of an earlier release. The index"
    )
    assert lines[1].endswith(f"Publish their files again: gcpypi publish {packages}")
    assert lines[2].endswith(f"Then delete the folder: rm -r {tmp_path / 'storage'}")
