from datetime import datetime
from itertools import permutations

from schemas import releases
from schemas.catalog import CatalogEntry
from schemas.names import Filename, ProjectName, Version, release_of
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from testing.fakes.examples import NOON, file_record, later

WHEEL_1 = file_record("acme-1.0-py3-none-any.whl", summary="One")
SDIST_1 = file_record("acme-1.0.tar.gz", upload_time=later(1))
WHEEL_2 = file_record("Acme-2.0-py3-none-any.whl", upload_time=later(2), summary="Two")
BETA_3 = file_record("acme-3.0b1-py3-none-any.whl", upload_time=later(3))


def register(value: bool, at: datetime = NOON, by: str = "1") -> Register:
    return Register(issued_at=at, command_id=by, value=value, reason="why")


def record(*files: FileRecord, **fields: object) -> ProjectRecord:
    facts = {file.filename: file for file in files}
    return ProjectRecord(project=ProjectName("acme"), revision=5, files=facts).model_copy(
        update=fields
    )


def by_file(file: FileRecord, mark: Register) -> Registers:
    return Registers(files={file.filename: mark})


def by_version(version: str, mark: Register) -> Registers:
    return Registers(versions={release_of(Version(version)): mark})


def test_files_are_offered_in_total_order_whatever_order_they_came_in() -> None:
    for order in permutations((WHEEL_1, SDIST_1, WHEEL_2, BETA_3)):
        assert releases.offered(record(*order)) == [WHEEL_1, SDIST_1, WHEEL_2, BETA_3]


def test_removed_files_are_not_offered() -> None:
    removed = record(WHEEL_1, SDIST_1, removed=by_file(WHEEL_1, register(True)))
    assert releases.offered(removed) == [SDIST_1]
    assert releases.removed_filenames(removed) == (WHEEL_1.filename,)


def test_a_versions_register_covers_files_that_come_later() -> None:
    assert releases.offered(record(SDIST_1, removed=by_version("1.0", register(True)))) == []


def test_the_newest_register_that_speaks_of_a_file_wins() -> None:
    registers = Registers(
        files={WHEEL_1.filename: register(False, later(1))},
        versions={Version("1"): register(True)},
    )
    yanked = record(WHEEL_1, SDIST_1, yanked=registers)
    assert releases.yank_of(yanked, WHEEL_1) is None
    assert releases.yank_of(yanked, SDIST_1) == register(True)


def test_simultaneous_registers_are_ordered_by_command() -> None:
    registers = Registers(
        files={WHEEL_1.filename: register(True, by="2")},
        versions={Version("1"): register(False, by="1")},
    )
    assert releases.effective(registers, WHEEL_1) == register(True, by="2")


def test_the_latest_release_is_the_highest_final_one() -> None:
    assert releases.latest(record(BETA_3, WHEEL_2, WHEEL_1)) == WHEEL_2


def test_the_latest_release_is_a_prerelease_only_where_there_is_no_final_one() -> None:
    assert releases.latest(record(BETA_3)) == BETA_3


def test_yanked_releases_are_not_the_latest() -> None:
    yanked = record(WHEEL_1, WHEEL_2, yanked=by_version("2.0", register(True)))
    assert releases.latest(yanked) == WHEEL_1


def test_a_quarantined_project_offers_nothing() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    quarantined = record(WHEEL_1, status=status)
    assert releases.offered(quarantined) == []
    assert releases.latest(quarantined) is None
    assert releases.status_of(record()) == "active"


def test_the_catalogs_facts_survive_being_custom_metadata() -> None:
    entry = CatalogEntry.from_record(record(WHEEL_1, WHEEL_2, BETA_3))
    assert entry.metadata() == {
        "record-revision": "5",
        "display-name": "Acme",
        "latest-version": "2.0",
        "latest-upload": "2026-11-24T12:00:03.000000Z",
        "summary": "Two",
        "file-count": "3",
        "status": "active",
    }
    assert CatalogEntry.read(ProjectName("acme"), entry.metadata()) == entry


def test_a_project_that_offers_nothing_has_an_entry_too() -> None:
    empty = CatalogEntry.from_record(record(WHEEL_1, removed=by_file(WHEEL_1, register(True))))
    assert empty.display_name == "acme"
    assert empty.file_count == 0
    assert CatalogEntry.read(ProjectName("acme"), empty.metadata()) == empty
    assert CatalogEntry.from_record(record()).display_name == "acme"


def test_long_values_are_cut_at_a_character() -> None:
    entry = CatalogEntry.from_record(record(file_record(summary="é" * 512)))
    metadata = entry.model_copy(update={"summary": "xé" * 512}).metadata()
    assert len(metadata["summary"].encode()) <= 1024
    assert metadata["summary"].startswith("xé")


def test_file_names_are_keys() -> None:
    assert record(WHEEL_1).files[Filename("acme-1.0-py3-none-any.whl")] == WHEEL_1
