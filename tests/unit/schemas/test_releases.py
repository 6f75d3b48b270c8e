"""Questions about a record (`schemas.releases`), and catalog entries (`schemas.catalog`)."""

from datetime import datetime
from itertools import permutations

from schemas import releases
from schemas.catalog import CatalogEntry
from schemas.names import Filename, ProjectName, Version, normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from testing.calls import count_calls
from testing.fakes.examples import NOON, make_file_record, make_time

WHEEL_1 = make_file_record("acme-1.0-py3-none-any.whl", summary="One")
SDIST_1 = make_file_record("acme-1.0.tar.gz", upload_time=make_time(1))
WHEEL_2 = make_file_record("Acme-2.0-py3-none-any.whl", upload_time=make_time(2), summary="Two")
BETA_3 = make_file_record("acme-3.0b1-py3-none-any.whl", upload_time=make_time(3))

TAGS = ("py3-none-any", "cp311-cp311-win32", "cp312-cp312-win32", "cp313-cp313-win32")


def make_register(value: bool, at: datetime = NOON, by: str = "1") -> Register:
    return Register(issued_at=at, command_id=by, value=value, reason="why")


def make_record(*files: FileRecord, **fields: object) -> ProjectRecord:
    facts = {file.filename: file for file in files}
    return ProjectRecord(project=ProjectName("acme"), revision=5, files=facts).model_copy(
        update=fields
    )


def mark_file(file: FileRecord, mark: Register) -> Registers:
    return Registers(files={file.filename: mark})


def mark_version(version: str, mark: Register) -> Registers:
    return Registers(versions={normalize_release(Version(version)): mark})


def test_files_are_offered_in_total_order_for_any_order_of_arrival() -> None:
    for order in permutations((WHEEL_1, SDIST_1, WHEEL_2, BETA_3)):
        assert releases.list_offered_files(make_record(*order)) == [
            WHEEL_1,
            SDIST_1,
            WHEEL_2,
            BETA_3,
        ]


def test_removed_files_are_not_offered() -> None:
    removed = make_record(WHEEL_1, SDIST_1, removed=mark_file(WHEEL_1, make_register(True)))
    assert releases.list_offered_files(removed) == [SDIST_1]
    assert releases.list_blocked_filenames(removed) == (WHEEL_1.filename,)


def test_a_release_register_applies_to_later_files() -> None:
    assert (
        releases.list_offered_files(
            make_record(SDIST_1, removed=mark_version("1.0", make_register(True)))
        )
        == []
    )


def test_a_yank_of_an_operator_holds_after_the_unyank_of_an_uploader() -> None:
    by_operator = make_register(True, make_time(1), by="operator")
    by_uploader = make_register(True, make_time(2), by="uploader")
    lifted = make_register(False, make_time(3))
    for operator, uploader, expected in [
        (by_operator, by_uploader, by_operator),
        (by_operator, lifted, by_operator),
        (lifted, by_uploader, by_uploader),
        (lifted, lifted, None),
    ]:
        record = make_record(
            WHEEL_1,
            yanked=mark_file(WHEEL_1, operator),
            yanked_by_uploaders=mark_version("1.0", uploader),
        )
        assert releases.find_yank(record, WHEEL_1) == expected


def test_a_quarantined_release_offers_no_files_and_blocks_them() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    record = make_record(WHEEL_1, SDIST_1, WHEEL_2, release_status={Version("1"): status})
    assert releases.list_offered_files(record) == [WHEEL_2]
    assert releases.list_blocked_filenames(record) == (WHEEL_1.filename, SDIST_1.filename)


def test_the_catalog_counts_no_files_of_a_quarantined_release() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    record = make_record(WHEEL_1, SDIST_1, WHEEL_2, release_status={Version("2"): status})
    entry = CatalogEntry.from_record(record)
    assert (entry.latest_version, entry.file_count, entry.status) == ("1.0", 2, "active")
    assert entry.latest_upload == SDIST_1.upload_time


def test_quarantined_releases_are_listed_without_the_project_and_in_order() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    active = status.model_copy(update={"value": "active"})
    statuses = {Version("2"): status, Version("1"): status, Version("3b1"): active}
    record = make_record(WHEEL_1, status=status, release_status=statuses)
    assert releases.list_quarantined_releases(record) == ("1", "2")


def test_registers_of_releases_add_few_calls() -> None:
    """A large record is listed at each commit and each publication."""
    files = [make_file_record(f"acme-{n}.0-{tag}.whl") for n in range(100) for tag in TAGS]
    registers = Registers(versions={Version(f"{n}"): make_register(True) for n in range(50)})
    active = StatusRegister(issued_at=NOON, command_id="1", value="active")
    record = make_record(
        *files,
        yanked=registers,
        yanked_by_uploaders=registers,
        removed=Registers(versions={Version(f"{n}"): make_register(False) for n in range(50)}),
        release_status={Version(f"{n}"): active for n in range(50)},
    )

    def list_yanks(record: ProjectRecord) -> None:
        for file in releases.list_offered_files(record):
            releases.find_yank(record, file)

    plain = count_calls(lambda: list_yanks(make_record(*files)))
    assert count_calls(lambda: list_yanks(record)) < plain + 20 * len(files)


def test_the_quarantine_of_a_release_ends_with_its_own_register() -> None:
    quarantined = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    active = StatusRegister(issued_at=make_time(1), command_id="2", value="active")
    record = make_record(WHEEL_1, status=active, release_status={Version("1"): quarantined})
    assert releases.list_offered_files(record) == []
    record = make_record(WHEEL_1, status=quarantined, release_status={Version("1"): active})
    assert releases.list_offered_files(record) == []
    record = make_record(WHEEL_1, status=active, release_status={Version("1"): active})
    assert releases.list_offered_files(record) == [WHEEL_1]


def test_the_newest_register_for_a_file_wins() -> None:
    registers = Registers(
        files={WHEEL_1.filename: make_register(False, make_time(1))},
        versions={Version("1"): make_register(True)},
    )
    yanked = make_record(WHEEL_1, SDIST_1, yanked=registers)
    assert releases.find_yank(yanked, WHEEL_1) is None
    assert releases.find_yank(yanked, SDIST_1) == make_register(True)


def test_simultaneous_registers_are_ordered_by_command() -> None:
    registers = Registers(
        files={WHEEL_1.filename: make_register(True, by="2")},
        versions={Version("1"): make_register(False, by="1")},
    )
    assert releases.find_register(registers, WHEEL_1) == make_register(True, by="2")


def test_the_latest_release_is_the_highest_final_one() -> None:
    assert releases.find_latest_file(make_record(BETA_3, WHEEL_2, WHEEL_1)) == WHEEL_2


def test_the_latest_release_is_a_prerelease_only_without_a_final_release() -> None:
    assert releases.find_latest_file(make_record(BETA_3)) == BETA_3


def test_yanked_releases_are_not_the_latest() -> None:
    yanked = make_record(WHEEL_1, WHEEL_2, yanked=mark_version("2.0", make_register(True)))
    assert releases.find_latest_file(yanked) == WHEEL_1


def test_a_quarantined_project_offers_nothing() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    quarantined = make_record(WHEEL_1, status=status)
    assert releases.list_offered_files(quarantined) == []
    assert releases.find_latest_file(quarantined) is None
    assert releases.get_status(make_record()) == "active"


def test_a_catalog_entry_survives_a_round_trip_through_custom_metadata() -> None:
    entry = CatalogEntry.from_record(make_record(WHEEL_1, WHEEL_2, BETA_3))
    assert entry.to_metadata() == {
        "record-revision": "5",
        "display-name": "Acme",
        "latest-version": "2.0",
        "latest-upload": "2026-11-24T12:00:03.000000Z",
        "summary": "Two",
        "file-count": "3",
        "status": "active",
        "recent": '[["released","3.0b1","2026-11-24T12:00:03.000000Z","acme"],'
        '["released","2.0","2026-11-24T12:00:02.000000Z","acme"],'
        '["released","1.0","2026-11-24T12:00:00.000000Z","acme"]]',
    }
    assert CatalogEntry.read(ProjectName("acme"), entry.to_metadata()) == entry


def test_a_project_without_offered_files_has_an_entry() -> None:
    empty = CatalogEntry.from_record(
        make_record(WHEEL_1, removed=mark_file(WHEEL_1, make_register(True)))
    )
    assert empty.display_name == "acme"
    assert empty.file_count == 0
    assert CatalogEntry.read(ProjectName("acme"), empty.to_metadata()) == empty
    assert CatalogEntry.from_record(make_record()).display_name == "acme"


def test_long_values_are_cut_at_a_character() -> None:
    entry = CatalogEntry.from_record(make_record(make_file_record(summary="é" * 512)))
    metadata = entry.model_copy(update={"summary": "xé" * 512}).to_metadata()
    assert len(metadata["summary"].encode()) <= 1024
    assert metadata["summary"].startswith("xé")


def test_file_names_are_keys() -> None:
    assert make_record(WHEEL_1).files[Filename("acme-1.0-py3-none-any.whl")] == WHEEL_1
