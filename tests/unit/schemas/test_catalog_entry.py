"""Events, requirements and keywords of a catalog entry (`schemas.catalog`)."""

from itertools import permutations

import pytest

from schemas.catalog import CatalogEntry, ProjectEvent
from schemas.names import ProjectName, Version
from schemas.records import FileRecord, ProjectRecord, Register, StatusRegister
from schemas.releases import list_offered_files
from testing.calls import count_calls
from testing.fakes.examples import NOON, make_file_record, make_time

ACME = ProjectName("acme")
WHEEL = make_file_record("acme-1.0-py3-none-any.whl", upload_time=make_time(1), uploader="ci")
SDIST = make_file_record("acme-1.0.0.tar.gz", upload_time=make_time(0))
NEXT = make_file_record("acme-2.0-py3-none-any.whl", upload_time=make_time(2))


def make_register(seconds: float, value: bool = True, by: str | None = None) -> Register:
    return Register(issued_at=make_time(seconds), command_id="c", value=value, issued_by=by)


def make_record(*files: FileRecord, **fields: object) -> ProjectRecord:
    facts = {"project": ACME, "revision": 5, "files": {file.filename: file for file in files}}
    return ProjectRecord.model_validate({**facts, **fields})


def list_recent(record: ProjectRecord) -> list[ProjectEvent]:
    return list(CatalogEntry.from_record(record).recent)


def make_release(version: str, seconds: float, author: str = "acme") -> ProjectEvent:
    return ProjectEvent("released", Version(version), make_time(seconds), author)


def test_a_release_is_one_event_with_the_time_and_uploader_of_its_first_file() -> None:
    for files in permutations((WHEEL, SDIST, NEXT)):
        expected = [make_release("2.0", 2), make_release("1.0.0", 0)]
        assert list_recent(make_record(*files)) == expected


def test_the_events_are_the_three_newest_ones_the_newest_first() -> None:
    record = make_record(
        WHEEL,
        NEXT,
        yanked={"versions": {"1": make_register(5, by="operators/ada")}},
        yanked_by_uploaders={"files": {WHEEL.filename: make_register(4, by="ci")}},
        status=StatusRegister(issued_at=make_time(6), command_id="s", value="archived"),
    )
    assert list_recent(record) == [
        ProjectEvent("archived", None, make_time(6), None),
        ProjectEvent("yanked", Version("1.0"), make_time(5), "operators/ada"),
        ProjectEvent("yanked", Version("1.0"), make_time(4), "ci", WHEEL.filename),
    ]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("yanked", False, "unyanked"),
        ("yanked_by_uploaders", False, "unyanked"),
        ("removed", False, "restored"),
        ("removed", True, "removed"),
    ],
)
def test_each_register_is_an_event(field: str, value: bool, kind: str) -> None:
    register = make_register(9, value)
    of_release = make_record(WHEEL, **{field: {"versions": {"1": register}}})
    of_file = make_record(WHEEL, **{field: {"files": {WHEEL.filename: register}}})
    assert [list_recent(record)[0][0] for record in (of_release, of_file)] == [kind, kind]
    assert [list_recent(record)[0].filename for record in (of_release, of_file)] == [
        None,
        WHEEL.filename,
    ]


def test_the_status_of_a_release_is_an_event_of_the_release() -> None:
    status = StatusRegister(issued_at=make_time(9), command_id="s", value="quarantined")
    record = make_record(WHEEL, NEXT, release_status={"1": status})
    assert list_recent(record) == [
        ProjectEvent("quarantined", Version("1.0"), make_time(9), None),
        make_release("2.0", 2),
    ]


def test_a_release_without_offered_files_is_no_event() -> None:
    """The page of the newest releases must not lead to files that were removed."""
    removed = {"versions": {"2": make_register(9, by="operators/ada")}}
    assert list_recent(make_record(WHEEL, NEXT, removed=removed)) == [
        ProjectEvent("removed", Version("2.0"), make_time(9), "operators/ada"),
        make_release("1.0", 1, "ci"),
    ]


def test_a_removed_file_still_dates_its_release() -> None:
    removed = {"files": {SDIST.filename: make_register(-9)}}
    events = list_recent(make_record(WHEEL, SDIST, removed=removed))
    assert make_release("1.0.0", 0) in events


def round_trip(entry: CatalogEntry) -> CatalogEntry:
    return CatalogEntry.read(ACME, entry.to_metadata())


def test_lists_survive_a_round_trip_through_custom_metadata() -> None:
    file = make_file_record(keywords=("naïve words", "日本"), requires_dist=("A_B>=1", "c"))
    entry = CatalogEntry.from_record(
        make_record(file, yanked={"files": {file.filename: make_register(1, value=False)}})
    )
    assert (entry.keywords, entry.requires) == (("naïve words", "日本"), ("a-b", "c"))
    assert round_trip(entry) == entry


def test_lists_have_at_most_512_bytes_and_values_that_do_not_fit_are_left_out() -> None:
    name = "acme-1.0-py3-none-any.whl".replace("1.0", f"1.0+{'a' * 200}")
    file = make_file_record(
        name,
        keywords=("é" * 200, "x" * 200, "short"),
        requires_dist=tuple(f"project-{n}-{'y' * 50}" for n in range(20)),
        uploader="u" * 250,
    )
    entry = CatalogEntry.from_record(
        make_record(
            file,
            yanked={"files": {name: make_register(1, value=False, by="🐍" * 64)}},
            removed={"versions": {"1": make_register(2, value=False, by="ada")}},
        )
    )
    metadata = entry.to_metadata()
    sizes = {key: len(metadata[key].encode()) for key in ("recent", "requires", "keywords")}
    assert {key: size for key, size in sizes.items() if not 0 < size <= 512} == {}
    assert entry.keywords == ("é" * 200, "short")
    assert [event.kind for event in entry.recent] == ["restored"]
    assert round_trip(entry) == entry


def test_requirements_are_listed_once_those_of_extras_last_without_the_project() -> None:
    wheel = make_file_record(
        requires_dist=(
            'Fast_Json[speed] >=1; extra == "fast"',
            "acme[fast]; extra == 'all'",
            "requests>=2,<3; python_version < '3.9'",
            "numpy",
            "Requests",
        )
    )
    other = make_file_record("acme-1.0.0.tar.gz", requires_dist=("numpy", "zope.interface"))
    entry = CatalogEntry.from_record(make_record(wheel, other))
    assert entry.requires == ("requests", "numpy", "zope-interface", "fast-json")


def test_facts_of_other_releases_do_not_count() -> None:
    older = make_file_record(requires_dist=("old",), keywords=("old",))
    entry = CatalogEntry.from_record(make_record(older, NEXT))
    assert (entry.requires, entry.keywords) == ((), ())
    assert CatalogEntry.from_record(make_record()).recent == ()


@pytest.mark.parametrize(
    "event",
    [
        '["renamed","1","2026-11-24T12:00:00.000000Z",null]',
        '["yanked","1"]',
        '{"kind":"yanked"}',
        "7",
        '[["yanked"],"1","2026-11-24T12:00:00.000000Z",null]',
    ],
)
def test_an_event_in_the_form_of_a_newer_release_is_skipped(event: str) -> None:
    metadata = CatalogEntry.from_record(make_record(WHEEL)).to_metadata()
    known = '["yanked","1.0","2026-11-24T12:00:00.000000Z",null]'
    entry = CatalogEntry.read(ACME, {**metadata, "recent": f"[{event},{known}]"})
    assert entry.recent == (ProjectEvent("yanked", Version("1.0"), NOON, None),)


@pytest.mark.parametrize("text", ["no JSON", "{}", '[["yanked","1","yesterday",null]]'])
def test_events_that_are_no_array_are_invalid(text: str) -> None:
    """The catalog then derives the entry from the record."""
    metadata = CatalogEntry.from_record(make_record(WHEEL)).to_metadata()
    with pytest.raises(ValueError, match="recent"):
        CatalogEntry.read(ACME, {**metadata, "recent": text})


def test_an_entry_of_an_older_release_has_no_lists() -> None:
    metadata = CatalogEntry.from_record(make_record(WHEEL)).to_metadata()
    del metadata["recent"]
    entry = CatalogEntry.read(ACME, metadata)
    assert (entry.recent, entry.requires, entry.keywords) == ((), (), ())


def test_a_command_for_a_file_that_is_not_recorded_is_no_event() -> None:
    strange = {"files": {"acme-9.0.tar.gz": make_register(9)}}
    assert list_recent(make_record(NEXT, yanked=strange)) == [make_release("2.0", 2)]


def test_an_entry_lists_the_offered_files_of_its_record_once() -> None:
    """The listing takes most of the time; a record can have 10,000 files."""
    files = [make_file_record(f"acme-{n}.0-{k}-py3-none-any.whl") for n in range(60) for k in "123"]
    record = make_record(*files)
    CatalogEntry.from_record(record)
    listing = count_calls(lambda: list_offered_files(record))
    assert count_calls(lambda: CatalogEntry.from_record(record)) < 2 * listing
