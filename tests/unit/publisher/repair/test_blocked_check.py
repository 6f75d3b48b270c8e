"""Entries of ``blocked.json`` against records with a lower revision (`publisher.repair`)."""

from publisher.repair.blocked_check import describe_difference
from schemas.names import ProjectName, Version
from schemas.records import Blocked, BlockedProject, ProjectRecord, StatusRegister
from testing.fakes.examples import NOON, make_file_record

FILE = make_file_record("acme-1.0-py3-none-any.whl")
ACME = ProjectName("acme")


def describe(record: ProjectRecord, **entry: object) -> str | None:
    blocked = BlockedProject.model_validate({"revision": 9, **entry})
    return describe_difference(Blocked(projects={ACME: blocked}), record)


def test_a_restored_record_without_the_quarantine_of_a_release_is_named() -> None:
    record = ProjectRecord(project=ACME, revision=5, files={FILE.filename: FILE})
    detail = describe(record, filenames=[FILE.filename], releases=["1"])
    assert detail is not None
    assert f"does not block release 1, {FILE.filename}" in detail
    assert "does not block release 2" in (describe(record, releases=["2"]) or "")


def test_an_entry_that_blocks_the_same_is_right_with_a_higher_revision() -> None:
    status = StatusRegister(issued_at=NOON, command_id="1", value="quarantined")
    record = ProjectRecord(
        project=ACME,
        revision=5,
        files={FILE.filename: FILE},
        release_status={Version("1"): status},
    )
    assert describe(record, filenames=[FILE.filename], releases=["1"]) is None
