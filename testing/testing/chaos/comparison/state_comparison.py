"""Differences between the state of a system and its expected state, as sentences."""

import json
from collections.abc import Iterator, Mapping

from local import topology
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName, normalize_release
from schemas.records import ProjectRecord
from schemas.releases.equivalence import find_equivalent
from testing.chaos.comparison.lost_announcements import find_lost_announcements
from testing.chaos.comparison.package_differences import (
    compare_packages,
    list_early_packages,
    list_packages,
)
from testing.chaos.expected_state import ExpectedState
from testing.chaos.expected_state.admissible import read_outcome
from testing.chaos.inputs import FileInput
from testing.chaos.inputs.steps import SERVICE
from testing.chaos.system_state import SystemState

_REGISTERS = {"yanked", "removed", "status"}
"""Registers of the previous release."""
_LONGEST = 300
"""Characters of a quoted value."""


def find_differences(state: SystemState, expected: ExpectedState) -> list[str]:
    """Return a sentence for each difference, with the place and both values."""
    return [
        *_compare_outcomes(state, expected, list_packages(expected)),
        *_compare_records(state, expected),
        *_compare_pages(state, expected),
    ]


def find_losses(state: SystemState, expected: ExpectedState) -> list[str]:
    """Return a sentence for each difference that two releases must not leave together.

    It compares no other fact of a file and no bytes of a page, which the commands after an upgrade
    write again. These commands would also repair a lost file, so call it before them.
    """
    outcomes = _compare_outcomes(state, expected, list_early_packages(expected))
    return [*outcomes, *_compare_changes(state, expected)]


def _compare_outcomes(
    state: SystemState, expected: ExpectedState, packages: frozenset[str]
) -> list[str]:
    """Compare everything except the facts in the records and the bytes of the pages.

    :param packages: objects that the packages bucket must have.
    """
    return [
        *(f"step {number} left no trace: {expected.inputs.steps[number]}" for number in
          expected.lost_steps),
        *_compare_verdicts(state, expected),
        *(f"{name} was written more than once, and is final" for name in state.rewritten),
        *_compare_answers(state, expected),
        *compare_packages(state, expected, packages),
        *_compare_listings(state, expected),
        *_compare_dead_letters(state, expected),
        *find_lost_announcements(state, expected),
    ]  # fmt: skip


def _compare_verdicts(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    for name, allowed in expected.verdicts.items():
        outcome = read_outcome(state, name)
        if outcome is None or outcome not in allowed:
            found = "missing" if outcome is None else outcome
            yield f"verdict {name} is {found}, expected {' or '.join(sorted(allowed))}"
    for name in sorted(state.buckets[topology.VERDICTS].keys() - expected.verdicts.keys()):
        if not name.startswith(layout.USED_ID_TOKENS):
            yield f"verdict {name} is {read_outcome(state, name)}, expected none"
    yield from _find_groundless_refusals(state, expected)


def _find_groundless_refusals(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    """Yield a sentence for each name for which all valid uploads were refused as existing."""
    for step in expected.inputs.steps:
        if not isinstance(step, FileInput) or step.fault or step.ways == SERVICE:
            continue
        found = state.buckets[topology.INCOMING].get(step.path)
        name = f"{step.path}/{found.generation}.json" if found else ""
        if read_outcome(state, name) == "exists" and not _has_rival(step.filename, expected):
            yield f"verdict {name} is exists, but no file of that name or an equivalent one is"


def _has_rival(filename: str, expected: ExpectedState) -> bool:
    return filename in expected.accepted or bool(find_equivalent(filename, expected.accepted))


def _compare_answers(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    """Compare the final answers of the upload service."""
    answers = {answer.path: answer for answer in state.upload_answers}
    for step in expected.inputs.steps:
        if isinstance(step, FileInput) and step.ways == SERVICE:
            wanted = 400 if step.fault else 200
            answer = answers.get(step.path)
            if answer is None or answer.status != wanted:
                found = f"{answer.status} {answer.body!r}" if answer else "missing"
                yield f"the upload service's answer for {step.path} is {found}, expected {wanted}"


def _compare_records(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    stored = state.buckets[topology.METADATA]
    wanted = {layout.locate_record(ProjectName(name)): each for name, each in
              expected.records.items()}  # fmt: skip
    yield from (f"{name} is missing" for name in sorted(wanted.keys() - stored.keys()))
    yield from (f"{name} exists, expected none" for name in sorted(stored.keys() - wanted.keys()))
    for name in sorted(wanted.keys() & stored.keys()):
        record = ProjectRecord.model_validate_json(stored[name].data)
        found, right = (json.loads(each.encode()) for each in (record, wanted[name]))
        yield from _compare_values(name, found, right)
        yield from _check_revisions(name, record)
        entry = CatalogEntry.from_record(wanted[name]).to_metadata()
        yield from _compare_values(f"metadata of {name}", dict(stored[name].metadata), entry)


def _compare_changes(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    """Compare the names of the files and the registers in the records."""
    stored = state.buckets[topology.METADATA]
    for project, record in expected.records.items():
        name = layout.locate_record(ProjectName(project))
        if name in stored:
            found = ProjectRecord.model_validate_json(stored[name].data)
            yield from _compare_values(name, _list_changes(found), _list_changes(record))
        else:
            yield f"{name} is missing"


def _list_changes(record: ProjectRecord) -> dict[str, object]:
    return {"files": sorted(record.files), **record.model_dump(mode="json", include=_REGISTERS)}


def _check_revisions(name: str, record: ProjectRecord) -> Iterator[str]:
    """Check that all releases have a revision, and that the newest is the record's."""
    releases = {normalize_release(file.version) for file in record.files.values()}
    if record.changed_at == record.revision and record.changed.keys() != releases:
        yield f"{name} has the revisions of {sorted(record.changed)}, expected {sorted(releases)}"
    if record.changed_at == record.revision != max(record.changed.values(), default=0):
        yield f"{name} has revision {record.revision}, its releases {dict(record.changed)}"


def _compare_values(place: str, found: object, right: object) -> Iterator[str]:
    """Yield a sentence for each differing value in two JSON documents."""
    if isinstance(found, dict) and isinstance(right, dict):
        for key in sorted({*found, *right}):
            yield from _compare_values(f"{place}.{key}", found.get(key), right.get(key))
    elif found != right:
        yield f"{place} is {_quote(found)}, expected {_quote(right)}"


def _compare_pages(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    pages = state.buckets[topology.STATIC]
    yield from (
        f"static/{name} is missing" for name in sorted(expected.pages.keys() - pages.keys())
    )
    if not expected.inputs.previous:  # the previous release writes further pages
        for name in sorted(pages.keys() - expected.pages.keys()):
            yield f"static/{name} exists, expected none"
    for name in sorted(expected.pages.keys() & pages.keys()):
        found, wanted = pages[name], expected.pages[name]
        if found.data != wanted.data:
            yield f"static/{name} is {_describe_change(found.data, wanted.data)}"
        revision = layout.read_record_revision(found.metadata)
        if revision != wanted.revision:
            yield f"static/{name} has record-revision {revision}, expected {wanted.revision}"


def _describe_change(found: bytes, wanted: bytes) -> str:
    """Return both values from a place shortly before their first difference."""
    pairs = enumerate(zip(found, wanted, strict=False))
    first = next((place for place, (a, b) in pairs if a != b), min(len(found), len(wanted)))
    start = max(0, first - 60)
    parts = [data[start : start + _LONGEST] for data in (found, wanted)]
    return f"from byte {start} on {parts[0]!r}, expected {parts[1]!r}"


def _compare_listings(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    """Compare the files, yanks and blocked files in the pages with the rules of the model."""
    static = state.buckets[topology.STATIC]
    blocked = json.loads(static[layout.BLOCKED].data) if layout.BLOCKED in static else {}
    for project, model in expected.models.items():
        stored = static.get(layout.locate_project_json(ProjectName(project)))
        page: Mapping[str, list[dict[str, object]]] = json.loads(stored.data) if stored else {}
        found = {file["filename"]: file["yanked"] for file in page.get("files", [])}
        yanks = model.list_yanks()
        wanted = {name: yanks.get(name, False) for name in model.list_names()}
        yield from _compare_values(f"listed files of {project}", found, wanted)
        entry = blocked.get("projects", {}).get(project, {})
        names = sorted(entry.get("filenames", []))
        yield from _compare_values(
            f"blocked files of {project}",
            [names, entry.get("quarantined", False)],
            [sorted(model.list_blocked()), model.is_quarantined()],
        )


def _compare_dead_letters(state: SystemState, expected: ExpectedState) -> Iterator[str]:
    found = {(letter.subscription, letter.data) for letter in state.dead_letters}
    for subscription, data in sorted(found - expected.dead_letters):
        yield f"dead letter of {subscription}: {_quote(data)}, expected none"
    for subscription, data in sorted(expected.dead_letters - found):
        yield f"no dead letter of {subscription} for {_quote(data)}"


def _quote(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
