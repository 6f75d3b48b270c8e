"""Files in the packages bucket that must not be served: ``blocked.json``."""

from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from cloud.errors import NotFound, Unreadable
from cloud.ports import Reader, StoredObject
from schemas import layout
from schemas.names import Filename, ProjectName, Version, normalize_release, parse_filename
from schemas.records import Blocked
from schemas.types import Generation, NewerSchemaVersion


@dataclass(frozen=True, slots=True)
class BlockList:
    """One generation of ``blocked.json``. If the object is absent, nothing is blocked."""

    document: Blocked
    generation: Generation | None = None

    def is_blocked(self, project: ProjectName, filename: Filename) -> bool:
        """Return whether the file is removed, or its release or project is quarantined.

        The release counts by the name of the file, which the record may not have yet.
        """
        entry = self.document.projects.get(project)
        if entry is None:
            return False
        return (
            entry.quarantined
            or filename in entry.filenames
            or (bool(entry.releases) and _parse_release(filename) in entry.releases)
        )

    def has_project(self, project: ProjectName) -> bool:
        """Return whether the project has or had a removed file, a quarantine or a status."""
        return project in self.document.projects


@lru_cache(maxsize=4096)
def _parse_release(filename: Filename) -> Version:
    return normalize_release(parse_filename(filename)[1])


async def read_blocked(static: Reader, last: BlockList | None) -> BlockList:
    """Return ``blocked.json``, or ``last`` if the object has not changed.

    No service deletes the object. After a deletion by hand ``last`` stays in force.

    :raises Unreadable: if the object is not valid.
    :raises CloudError: if the object cannot be read.
    """
    try:
        if last is None or last.generation is None:
            return _parse(await static.read(layout.BLOCKED))
        changed = await static.read_if_changed(layout.BLOCKED, last.generation)
    except NotFound:
        return last or BlockList(Blocked())
    return _parse(changed) if changed else last


def _parse(stored: StoredObject) -> BlockList:
    try:
        return BlockList(Blocked.model_validate_json(stored.data), stored.generation)
    except ValidationError as error:
        raise Unreadable(layout.BLOCKED, f"{error.error_count()} errors") from error
    except NewerSchemaVersion as error:
        raise Unreadable(layout.BLOCKED, str(error)) from error
