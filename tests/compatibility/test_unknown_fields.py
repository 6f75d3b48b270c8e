"""Fields that a newer release added to records and ``blocked.json`` survive each write.

A newer release is played by documents with a field ``x_new`` in every object that is a model.
"""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from indexer.app import FILE_ACCEPTED
from indexer.issued_command import IssuedCommand
from indexer.merge import merge
from publisher.blocked import merge_records
from schemas.events import FileAccepted, ProjectCommand
from schemas.records import Blocked, BlockedProject, FileRecord, ProjectRecord
from testing.fakes.examples import NOON, make_file_record, make_time
from unit.indexer.test_app import InMemoryIndexer
from unit.publisher.publisher_fixtures import PublisherInstance, Store

WHEEL = make_file_record("acme-1.0-py3-none-any.whl", facts_version=2)
SDIST = make_file_record("acme-1.0.tar.gz", facts_version=2)
X_NEW = {"deep": [1, {"er": None}], "text": "é", "number": 2**70, "exact": 1.0}


def make_register(value: object, second: int = 0) -> dict[str, object]:
    return {"issued_at": make_time(second), "command_id": "c0", "value": value}


RECORD = ProjectRecord.model_validate(
    {
        "project": "acme",
        "revision": 7,
        "files": {file.filename: file for file in (WHEEL, SDIST)},
        **{
            kind: {
                "files": {WHEEL.filename: make_register(True)},
                "versions": {"1": make_register(False), "2": make_register(True)},
            }
            for kind in ("yanked", "yanked_by_uploaders", "removed")
        },
        "status": make_register("archived"),
        "release_status": {"1": make_register("active")},
    }
)
BLOCKED = Blocked.model_validate(
    {"projects": {name: {"revision": 7, "filenames": [WHEEL.filename]} for name in ("acme", "b")}}
)


def add_new_fields(model: BaseModel) -> dict[str, Any]:
    """Return the JSON object of a model as a newer release writes it."""
    written = model.model_dump(mode="json")
    for name, value in model:
        if isinstance(value, BaseModel):
            written[name] = add_new_fields(value)
        elif isinstance(value, dict):
            inner = {key: each for key, each in value.items() if isinstance(each, BaseModel)}
            written[name] |= {key: add_new_fields(each) for key, each in inner.items()}
    return {**written, "x_new": X_NEW}


def encode_newer(model: BaseModel) -> bytes:
    return json.dumps(add_new_fields(model)).encode()


NEWER = ProjectRecord.model_validate_json(encode_newer(RECORD))


def issue(action: str, second: int, **fields: object) -> IssuedCommand:
    command = ProjectCommand.model_validate({"action": action, "project": "acme", **fields})
    return IssuedCommand(command, "c9", make_time(second), NOON)


def find_lost(before: Any, after: Any, path: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return the paths of the object keys that ``after`` lacks."""
    if not isinstance(before, dict):
        return []
    lost = [f"{path}{key}" for key in before if key not in after]
    inner = (find_lost(before[k], after[k], f"{path}{k}/") for k in before if k in after)
    return lost + [each for found in inner for each in found]


@pytest.mark.parametrize("document", [RECORD, BLOCKED], ids=["record", "blocked"])
def test_every_object_keeps_its_unknown_fields(document: ProjectRecord | Blocked) -> None:
    newer = add_new_fields(document)
    assert json.dumps(newer).count("x_new") == {ProjectRecord: 17, Blocked: 3}[type(document)]
    read = type(document).model_validate_json(json.dumps(newer))
    assert json.loads(read.encode()) == newer


def test_an_unknown_field_takes_part_in_the_comparison() -> None:
    """A commit with no other change is written, and a commit without a change is not."""
    assert NEWER != RECORD
    assert ProjectRecord.model_validate_json(encode_newer(RECORD)) == NEWER


@pytest.mark.parametrize(
    "change",
    [
        make_file_record("acme-2.0.tar.gz"),
        make_file_record(WHEEL.filename, facts_version=1),
        issue("yank", 5, filename=SDIST.filename),
        issue("remove", 5, version="3.0"),
        issue("unyank", -5, filename=WHEEL.filename),
    ],
    ids=["file", "older facts", "yank of another file", "removal of a release", "older command"],
)
def test_a_change_elsewhere_loses_no_unknown_field(change: FileRecord | IssuedCommand) -> None:
    onto = NEWER.model_copy(update={"files": {**NEWER.files, "acme-3.0.tar.gz": make_third()}})
    after, failures = merge(onto, [change], NOON)
    assert failures == [None]
    assert find_lost(json.loads(onto.encode()), json.loads(after.encode())) == []


def make_third() -> FileRecord:
    return make_file_record("acme-3.0.tar.gz")


def test_a_newer_command_replaces_a_register_with_its_unknown_fields() -> None:
    """They describe the command that set the register."""
    changes = [
        issue("yank", 5, filename=WHEEL.filename),
        issue("set-status", 5, status="deprecated"),
    ]
    after, failures = merge(NEWER, changes, NOON)
    assert failures == [None, None]
    lost = find_lost(json.loads(NEWER.encode()), json.loads(after.encode()))
    assert lost == [f"yanked/files/{WHEEL.filename}/x_new", "status/x_new"]


def test_facts_of_a_higher_version_replace_facts_with_their_unknown_fields() -> None:
    """In any order of arrival: facts belong to the code that read them from the file."""
    mended = make_file_record(WHEEL.filename, facts_version=3)
    newer = FileRecord.model_validate_json(encode_newer(mended))
    recorded = FileRecord.model_validate_json(encode_newer(WHEEL))
    for changes in ((recorded, mended), (mended, recorded)):
        empty = RECORD.model_copy(update={"files": {}})
        assert merge(empty, changes, NOON)[0].files == {WHEEL.filename: mended}
    assert merge(NEWER, [newer], NOON)[0].files[WHEEL.filename] == newer


def test_a_fact_without_a_higher_version_changes_no_unknown_field() -> None:
    newer = FileRecord.model_validate_json(encode_newer(WHEEL))
    assert merge(RECORD, [newer], NOON)[0] == RECORD
    assert merge(NEWER, [WHEEL], NOON)[0] == NEWER


def test_announced_facts_are_recorded_with_their_unknown_fields() -> None:
    service = InMemoryIndexer()
    assert service.push(FILE_ACCEPTED, encode_newer(FileAccepted(file=WHEEL))) == 204
    assert service.push_command(action="yank", version="1.0") == 204
    stored = service.metadata.read("projects/acme.json")
    assert stored is not None
    assert json.loads(stored.data)["files"][WHEEL.filename] == add_new_fields(WHEEL)


def test_the_publisher_keeps_the_unknown_fields_of_all_entries() -> None:
    """Also in the entry that it replaces: such a field can block files."""
    store = Store()
    store.static.put("blocked.json", encode_newer(BLOCKED))
    PublisherInstance(store).blocked.update(RECORD.model_copy(update={"revision": 8}))
    after = json.loads(store.read("blocked.json"))
    assert find_lost(add_new_fields(BLOCKED), after) == []
    entry = after["projects"]["acme"]
    assert (entry["revision"], entry["filenames"]) == ("8", [WHEEL.filename])
    assert (entry["x_new"], after["projects"]["b"]["x_new"], after["x_new"]) == (X_NEW,) * 3


def test_an_unknown_field_alone_is_no_reason_to_write_an_entry() -> None:
    entry = BlockedProject(revision=7, filenames=(WHEEL.filename,))
    blocked = Blocked.model_validate_json(encode_newer(Blocked(projects={RECORD.project: entry})))
    assert merge_records(blocked, [RECORD]) is None
