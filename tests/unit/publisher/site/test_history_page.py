from collections.abc import Mapping
from datetime import timedelta

from publisher.render.numbered_pages import INDEX
from publisher.site.history_page import (
    LINES_PER_PAGE,
    divide_history,
    list_history_files,
    render_history,
)
from publisher.site.project_events import list_events
from schemas.file_notes import FileNotes
from schemas.names import Filename
from schemas.records import ProjectRecord
from testing.fakes.examples import NOON, make_file_record
from testing.sample_content import (
    HOSTILE,
    SITE,
    make_hostile_content,
    make_large_record,
    make_record,
    make_registers,
    make_status,
)

NO_NOTES: Mapping[Filename, FileNotes] = {}


def render(
    record: ProjectRecord, notes: Mapping[Filename, FileNotes] = NO_NOTES, page: int = INDEX
) -> bytes:
    return render_history(record.project, divide_history(record), notes, SITE, page)


def test_files_and_commands_are_events() -> None:
    lifted = make_registers("2.0", "mended", issued_at=NOON + timedelta(1), issued_by="acme")
    versions = lifted["versions"]
    assert isinstance(versions, dict)
    versions["2.0"]["value"] = False
    record = make_record(
        "acme",
        [make_file_record(upload_time=NOON - timedelta(1), run="17", holder="ci")],
        yanked_by_uploaders=lifted,
        removed=make_registers("1.0", "secret", issued_at=NOON + timedelta(2)),
        status=make_status("archived") | {"issued_at": NOON + timedelta(3)},
        release_status={"3": make_status("quarantined", "review")},
    )
    events = [f"{e.author} {e.action} {e.target}: {e.reason}" for e in list_events(record)]
    assert events == [
        "acme published acme-1.0-py3-none-any.whl: ",
        "operators/ada set the status of release 3 to quarantined: review",
        "acme lifted the yank of release 2: mended",
        "an operator removed release 1: secret",
        "operators/ada set the status of the project to archived: ",
    ]


def test_a_file_has_its_origin_and_notes() -> None:
    file = make_file_record(run="17", holder="ci-acme")
    notes = {file.filename: FileNotes(("bad-tag: the tag is new",), ("acme.pth",))}
    page = render(make_record("acme", [file]), notes).decode()
    for part in ("17", "ci-acme", "a" * 64, "bad-tag: the tag is new", "acme.pth"):
        assert part in page


def test_unknown_notes_are_not_shown_as_passed() -> None:
    record = make_record("acme", [make_file_record()])
    assert b"no warnings" not in render(record)
    notes = {name: FileNotes() for name in record.files}
    assert b"accepted, no warnings recorded" in render(record, notes)


def test_a_command_is_after_a_file_of_its_release() -> None:
    """Its clock can be earlier; then the order of the events does not follow their times."""
    files = [
        make_file_record(upload_time=NOON),
        make_file_record("acme-2.0.tar.gz", upload_time=NOON + timedelta(2)),
    ]
    early = {"issued_at": NOON - timedelta(1)}
    record = make_record(
        "acme",
        files,
        yanked=make_registers("2", "broken", **early),
        status=make_status("archived") | early,
    )
    assert [event.target for event in list_events(record)] == [
        "acme-1.0-py3-none-any.whl",
        "archived",
        "acme-2.0.tar.gz",
        "release 2",
    ]


def test_every_event_is_on_one_page() -> None:
    record = make_large_record(80, 10)
    history = divide_history(record)
    pages = [list_history_files(history, page) for page in (1, 2, INDEX)]
    assert [len(page) for page in pages] == [LINES_PER_PAGE, LINES_PER_PAGE, 300]
    assert {name for page in pages for name in page} == set(record.files)
    assert "-80.0-" in pages[2][0]
    assert "-1.0-" in pages[0][-1]


def test_pages_lead_to_their_neighbours() -> None:
    record = make_large_record(80, 10)
    index, oldest, second = (render(record, page=page).decode() for page in (INDEX, 1, 2))
    assert '<a rel="next" href="page2.html">Older</a>' in index
    assert 'rel="prev"' not in index
    assert '<a rel="next" href="page1.html">Older</a>' in second
    assert '<a href="./">Newest</a>' in second
    assert '<a rel="prev" href="page2.html">Newer</a>' in oldest
    assert 'rel="next"' not in oldest


def test_an_empty_history_is_a_page() -> None:
    record = make_record("acme", [])
    assert divide_history(record).count == 0
    assert b"Nothing has happened yet." in render(record)


def test_hostile_values_are_escaped() -> None:
    content = make_hostile_content()
    page = render(content.record, content.notes).decode()
    assert HOSTILE[:8] not in page
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_a_page_after_the_last_one_leads_to_the_first_one() -> None:
    """A restored record can have fewer events; pages are never deleted."""
    record = make_record("acme", [make_file_record()])
    page = render(record, page=2)
    assert b'<a href="./">Newest events</a>' in page
    assert b"Nothing has happened" not in page


def test_older_pages_say_where_the_checks_are() -> None:
    record = make_large_record(80, 10)
    pages = [b"has the checks of its files" in render(record, page=n) for n in (INDEX, 1)]
    assert pages == [False, True]
