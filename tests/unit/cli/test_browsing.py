"""``gcpypi list``, ``show`` and ``log`` over loopback. The modules are in ``gcpypi/browsing``."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gcpypi.browsing.file_story import format_delay
from gcpypi.browsing.record_events import list_record_events
from schemas.names import validate_filename
from schemas.records import ProjectRecord, Register
from testing.fakes.examples import make_file_record
from unit.cli.command_run import run_command
from unit.cli.loopback_index import LoopbackIndex, describe_file, serve_index

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
METADATA = b"""Metadata-Version: 2.1
Name: acme-widgets
Version: 1.3
Summary: Widgets [of] acme
Requires-Python: >=3.9
Requires-Dist: requests>=2
Requires-Dist: rich; extra == "x"
"""


@pytest.fixture
def index() -> Iterator[LoopbackIndex]:
    with serve_index() as started:
        started.add(
            "acme-widgets",
            [
                describe_file("acme_widgets-1.2.tar.gz", size=None),
                describe_file("acme_widgets-1.3.tar.gz", yanked="no wheel"),
                describe_file(
                    "acme_widgets-1.3-py3-none-any.whl",
                    requires_python=">=3.9",
                    core_metadata=True,
                ),
                describe_file("acme_widgets-2.0rc1.tar.gz", yanked=True),
                describe_file("oddity.zip"),
            ],
        )
        started.pages["/packages/acme_widgets-1.3-py3-none-any.whl.metadata"] = METADATA
        started.add("acme-locked", status="quarantined", reason="look\x1bat it")
        yield started


def test_projects_are_lines(index: LoopbackIndex) -> None:
    done = run_command("list", GCPYPI_INDEX_URL=index.url)

    assert (done.code, done.stdout) == (0, "acme-widgets\nacme-locked\n")


def test_projects_have_their_latest_release_on_request(index: LoopbackIndex) -> None:
    done = run_command("list", "--versions", "--json", GCPYPI_INDEX_URL=index.url)

    assert json.loads(done.stdout) == [
        {"project": "acme-widgets", "latest_version": "1.3"},
        {"project": "acme-locked", "latest_version": None},
    ]


def test_releases_have_marks_and_sizes(index: LoopbackIndex) -> None:
    done = run_command("list", "acme-widgets", GCPYPI_INDEX_URL=index.url)

    assert [line.rstrip() for line in done.stdout.splitlines()] == [
        "version  files  size     uploaded (UTC)",
        "2.0rc1   1      1.5 kB   2026-11-28 12:00  yanked",
        "1.3      2      3.0 kB   2026-11-28 12:00  yanked (1 of 2 files): no wheel",
        "1.2      1      0 bytes  2026-11-28 12:00",
    ]


def test_a_quarantined_project_says_so_without_control_characters(index: LoopbackIndex) -> None:
    done = run_command("list", "acme-locked", GCPYPI_INDEX_URL=index.url)

    assert (done.code, done.stdout) == (0, "")
    assert done.stderr == (
        "acme-locked is quarantined: look\\x1bat it\nthe page of acme-locked lists no files\n"
    )


def test_a_release_has_the_dependencies_of_its_wheel(index: LoopbackIndex) -> None:
    done = run_command("show", "acme-widgets", GCPYPI_INDEX_URL=index.url)

    assert done.code == 0
    assert done.stdout.splitlines()[:8] == [
        "release         acme-widgets 1.3",
        "summary         Widgets [of] acme",
        "yank            yanked (1 of 2 files): no wheel",
        "status          active",
        "latest release  this one",
        "requires-python >=3.9",
        "dependencies    requests>=2",
        '                rich; extra == "x"',
    ]


def test_the_dependencies_of_an_sdist_without_metadata_are_unknown(index: LoopbackIndex) -> None:
    done = run_command("show", "acme-widgets", "1.2", "--json", GCPYPI_INDEX_URL=index.url)

    shown = json.loads(done.stdout)
    assert (shown["version"], shown["requires_dist"], shown["latest_version"]) == (
        "1.2",
        None,
        "1.3",
    )


def test_a_project_without_files_has_no_release_to_show(index: LoopbackIndex) -> None:
    done = run_command("show", "acme-locked", GCPYPI_INDEX_URL=index.url)

    assert (done.code, done.stdout) == (2, "")
    assert "its page lists no files" in done.stderr


def test_a_log_without_a_description_has_the_page_and_says_what_is_missing(
    index: LoopbackIndex,
) -> None:
    done = run_command("log", "acme_widgets-1.3.tar.gz", "--json", GCPYPI_INDEX_URL=index.url)

    story = json.loads(done.stdout)
    assert (story["page"], story["events"]) == ("listed, yanked: no wheel", [])
    assert [text.partition(":")[0] for text in story["unreadable"]] == [
        "the record (facts, authors of yanks)",
        "uploads and verdicts",
    ]
    assert done.stderr.count("not readable: ") == 2


@pytest.mark.parametrize("name", ["acme.zip", "a/b.whl", "acme-widgets"])
def test_a_log_of_another_file_is_wrong_usage(name: str, index: LoopbackIndex) -> None:
    done = run_command("log", name, GCPYPI_INDEX_URL=index.url)

    assert done.code == 2
    assert "gcpypi show PROJECT lists the files" in done.stderr


def test_the_events_of_a_record_have_authors_and_scopes() -> None:
    name = validate_filename("acme-1.0.tar.gz")
    later = NOW + timedelta(hours=1)

    def register(value: bool, author: str | None) -> Register:
        return Register(issued_at=later, command_id="c", value=value, issued_by=author)

    record = ProjectRecord.model_validate(
        {
            "project": "acme",
            "revision": 1,
            "files": {name: make_file_record(name, promoted_at=NOW)},
            "yanked": {"files": {name: register(True, "operators/ada")}},
            "yanked_by_uploaders": {"versions": {"1": register(False, "acme")}},
            "removed": {"versions": {"2": register(True, None)}},
        }
    )

    assert [(each.time, each.event, each.detail) for each in list_record_events(record, name)] == [
        (NOW, "promoted", "generation 11"),
        (later, "yanked", "the file, by operators/ada"),
        (later, "unyanked", "the release, by acme"),
    ]
    other = validate_filename("other-1.0.tar.gz")
    assert list(list_record_events(record, other)) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.25, "+0.25 s"), (150, "+2 min"), (7200, "+2.0 h")]
)
def test_delays_have_units(seconds: float, text: str) -> None:
    assert format_delay(NOW, NOW + timedelta(seconds=seconds)) == text
    assert format_delay(None, NOW) == ""


def test_an_unreadable_description_is_named(index: LoopbackIndex, tmp_path: Path) -> None:
    path = tmp_path / "description.json"
    path.write_text("{}")
    done = run_command(
        *("yank", "acme-widgets", "1.3", "--as", "acme"),
        GCPYPI_INDEX_URL=index.url,
        GCPYPI_DESCRIPTION=str(path),
    )

    assert done.code == 2
    assert "is not the description of an index" in done.stderr
