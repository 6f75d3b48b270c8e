"""What must not be served, whatever the packages bucket holds: ``blocked.json``."""

from dataclasses import dataclass

from pydantic import ValidationError

from cloud.errors import NotFound
from cloud.ports import Reader, StoredObject
from proxy.errors import Unreadable
from schemas import layout
from schemas.names import Filename, ProjectName
from schemas.records import Blocked
from schemas.types import Generation


@dataclass(frozen=True, slots=True)
class BlockList:
    """One generation of ``blocked.json``; where there is none, nothing is blocked."""

    document: Blocked
    generation: Generation | None = None

    def covers(self, project: ProjectName, filename: Filename) -> bool:
        """Whether the file is removed, or its project quarantined (PEP 792)."""
        entry = self.document.projects.get(project)
        return entry is not None and (entry.quarantined or filename in entry.filenames)

    def knows(self, project: ProjectName) -> bool:
        """Whether anything of the project is, or ever was, removed or quarantined."""
        return project in self.document.projects


async def read_blocked(static: Reader, last: BlockList | None) -> BlockList:
    """Read ``blocked.json`` unless ``last`` is its live generation.

    One that was there and is gone was deleted by hand, as it is never deleted: what it said holds.

    :raises Unreadable: if it is no such document.
    :raises CloudError: if it could not be read.
    """
    try:
        if last is None or last.generation is None:
            return _parsed(await static.read(layout.BLOCKED))
        changed = await static.changed(layout.BLOCKED, last.generation)
    except NotFound:
        return last or BlockList(Blocked())
    return _parsed(changed) if changed else last


def _parsed(stored: StoredObject) -> BlockList:
    try:
        return BlockList(Blocked.model_validate_json(stored.data), stored.generation)
    except ValidationError as error:
        raise Unreadable(layout.BLOCKED, f"{error.error_count()} errors") from error
