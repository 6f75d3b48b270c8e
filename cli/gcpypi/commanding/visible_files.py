"""VisibleFiles of a command: the state of its files on the page and in the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pypi_simple import ProjectPage

from gcpypi.connection.page_lookup import is_of_release
from schemas.events import ProjectCommand
from schemas.names import normalize_release
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import find_yank, get_status, list_offered_files


@dataclass(frozen=True, slots=True)
class VisibleFiles:
    """Files of the target of a command, as an installer can see them."""

    status: str
    """Status marker of the project (PEP 792)."""
    yanked: Mapping[str, bool]
    """Listed files of the target by name; true for a yanked one."""

    @classmethod
    def from_page(cls, page: ProjectPage | None, command: ProjectCommand) -> Self:
        """Read the state from the page; None is a project without a page."""
        if page is None:
            return cls("active", {})
        files = page.packages
        if command.filename:
            files = [file for file in files if file.filename == command.filename]
        elif command.version:
            version = command.version
            files = [file for file in files if is_of_release(file, version)]
        status = page.status.value if page.status else "active"
        return cls(status, {file.filename: file.is_yanked for file in files})

    @classmethod
    def from_record(cls, record: ProjectRecord, command: ProjectCommand) -> Self:
        """Derive the state that the page has after its next publication."""
        files = [file for file in list_offered_files(record) if is_target(file, command)]
        yanked: dict[str, bool] = {
            file.filename: find_yank(record, file) is not None for file in files
        }
        return cls(get_status(record), yanked)

    def shows(self, command: ProjectCommand) -> bool:
        """Return whether the files have the state that the command asks for.

        A yank of files that are not listed has no visible effect, and counts as visible.
        """
        match command.action:
            case "yank":
                return all(self.yanked.values())
            case "unyank":
                return not any(self.yanked.values())
            case "remove":
                return not self.yanked
            case "restore":
                return bool(self.yanked)
        if command.version is None:
            return self.status == command.status
        return bool(self.yanked) == (command.status == "active")


def is_target(file: FileRecord, command: ProjectCommand) -> bool:
    """Return whether a command changes a file of the record."""
    if command.filename:
        return file.filename == command.filename
    if command.version:
        return normalize_release(file.version) == normalize_release(command.version)
    return True
