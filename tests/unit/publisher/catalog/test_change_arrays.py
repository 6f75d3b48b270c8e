import json

import pytest

from publisher.catalog import change_arrays
from schemas.catalog import ProjectEvent
from schemas.names import Filename
from testing.fakes.examples import make_time
from unit.publisher.catalog.entries import make_entry, make_event, make_names


def test_changes_are_those_of_all_projects_the_newest_first() -> None:
    entries = [
        make_entry("acme", recent=(make_event("yanked", at=9, author=None), make_event(at=1))),
        make_entry("beta", display_name="Beta", recent=(make_event("archived", None, at=5),)),
        make_entry("empty"),
    ]
    assert json.loads(change_arrays.render_changes(change_arrays.list_events(entries))) == [
        {"project": "acme", "kind": "yanked", "release": "1.0", "time": "2026-11-24T12:00:09Z"},
        {
            "project": "beta",
            "name": "Beta",
            "kind": "archived",
            "time": "2026-11-24T12:00:05Z",
            "author": "ci",
        },
        {
            "project": "acme",
            "kind": "released",
            "release": "1.0",
            "time": "2026-11-24T12:00:01Z",
            "author": "ci",
        },
    ]


def test_a_command_on_a_file_names_the_file() -> None:
    event = make_event("removed")._replace(filename=Filename("acme-1.0.tar.gz"))
    events = change_arrays.list_events([make_entry("acme", recent=(event,))])
    assert json.loads(change_arrays.render_changes(events))[0]["file"] == "acme-1.0.tar.gz"


def test_equal_times_are_sorted_by_project() -> None:
    entries = [make_entry(name, recent=(make_event(),)) for name in ("b", "a", "c")]
    events = change_arrays.list_events(entries)
    assert [one.entry.project for one in events] == ["a", "b", "c"]


def test_the_newest_thousand_changes_are_listed() -> None:
    entries = [
        make_entry(name, recent=(make_event(at=number),))
        for number, name in enumerate(make_names(change_arrays.MAX_CHANGES + 5))
    ]
    events = change_arrays.list_events(entries)
    assert [one.entry.project for one in events] == make_names(1005)[:4:-1]


def test_recent_releases_have_the_summary_of_the_latest_release_only() -> None:
    facts = {"latest_version": "2.0", "summary": "Second"}
    events = (make_event(release="2.0", at=2), make_event(release="1.0"))
    entries = [make_entry("acme", recent=events, **facts)]
    assert json.loads(change_arrays.render_releases(change_arrays.list_releases(entries))) == [
        {
            "project": "acme",
            "version": "2.0",
            "time": "2026-11-24T12:00:02Z",
            "author": "ci",
            "summary": "Second",
        },
        {"project": "acme", "version": "1.0", "time": "2026-11-24T12:00:00Z", "author": "ci"},
    ]


@pytest.mark.parametrize(
    ("newest", "status"),
    [
        (make_event("yanked"), "yanked"),
        (make_event("unyanked"), None),
        (make_event("yanked", "2.0"), None),
        (make_event("yanked")._replace(filename=Filename("acme-1.0.tar.gz")), None),
    ],
    ids=["release", "unyanked", "other release", "file"],
)
def test_a_recent_release_that_is_yanked_says_so(newest: ProjectEvent, status: str | None) -> None:
    entries = [make_entry("acme", recent=(newest, make_event()))]
    (item,) = json.loads(change_arrays.render_releases(change_arrays.list_releases(entries)))
    assert item.get("status") == status


def test_an_older_record_has_its_newest_upload() -> None:
    entries = [make_entry("acme", latest_upload=make_time(7), latest_version="1.0")]
    events = change_arrays.list_events(entries)
    assert json.loads(change_arrays.render_changes(events)) == [
        {"project": "acme", "kind": "released", "time": "2026-11-24T12:00:07Z"}
    ]


def test_the_totals_count_projects_and_offered_files() -> None:
    entries = [make_entry("a", file_count=3), make_entry("b"), make_entry("c", file_count=4)]
    assert json.loads(change_arrays.render_totals(entries)) == {"projects": 3, "files": 7}
    assert json.loads(change_arrays.render_totals([])) == {"projects": 0, "files": 0}


def test_times_have_seconds() -> None:
    assert change_arrays.format_seconds(make_time(1.75)) == "2026-11-24T12:00:01Z"
