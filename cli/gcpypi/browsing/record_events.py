"""Events of a file in the record of its project: promotion, yanks, removals, statuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.names import Filename, normalize_release
from schemas.records import FileRecord, ProjectRecord, Register, Registers, StatusRegister
from schemas.types import format_time


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """Event in the story of a file."""

    time: datetime
    event: str
    """One or two words."""
    detail: str
    """Place, author or reason; possibly empty."""
    generation: int | None = None
    """Generation of the incoming object, for an upload."""

    def describe(self) -> Mapping[str, object]:
        """Return the event as an object of JSON."""
        return {"time": format_time(self.time), "event": self.event, "detail": self.detail}


def list_record_events(record: ProjectRecord, filename: Filename) -> Iterator[StoryEvent]:
    """Yield the events of a file, in any order; nothing if the record does not have it.

    A register keeps only its newest command.
    """
    file = record.files.get(filename)
    if file is None:
        return
    if file.promoted_at:
        yield StoryEvent(file.promoted_at, "promoted", f"generation {file.generation}")
    for registers, on, off in (
        (record.yanked, "yanked", "unyanked"),
        (record.yanked_by_uploaders, "yanked", "unyanked"),
        (record.removed, "removed", "restored"),
    ):
        for scope, register in _find_registers(registers, file):
            yield _create_event(register, on if register.value else off, scope)
    if record.status:
        yield _create_event(record.status, record.status.value, "project")
    if release := record.release_status.get(normalize_release(file.version)):
        yield _create_event(release, release.value, "release")


def _find_registers(registers: Registers, file: FileRecord) -> Iterator[tuple[str, Register]]:
    if own := registers.files.get(file.filename):
        yield "file", own
    if release := registers.versions.get(normalize_release(file.version)):
        yield "release", release


def _create_event(register: Register | StatusRegister, event: str, scope: str) -> StoryEvent:
    author = register.issued_by or "an operator, by message"
    reason = f": {register.reason}" if register.reason else ""
    return StoryEvent(register.issued_at, event, f"the {scope}, by {author}{reason}")
