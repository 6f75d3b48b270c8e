"""Source: the files below a directory, for example of pypiserver."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gcpypi.errors import CommandFailure
from gcpypi.importing.sources.project_selection import select_projects
from gcpypi.importing.sources.source_files import SourceFile, SourceListing, guess_project


@dataclass(frozen=True, slots=True)
class DirectorySource:
    """Directory with files in any depth. It states neither upload times nor digests."""

    path: Path

    @property
    def address(self) -> str:
        """The path."""
        return str(self.path)

    def read_listing(self, globs: Sequence[str]) -> SourceListing:
        """List all files, apart from hidden files and folders."""
        if not self.path.is_dir():
            raise CommandFailure(f"there is no directory {self.path}")
        return select_files(list(self._find_files()), globs, self.address)

    def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Return the path of the file itself."""
        return Path(file.locator)

    def _find_files(self) -> Iterator[SourceFile]:
        def fail(error: OSError) -> None:
            raise CommandFailure(f"{error.filename} is not readable: {error.strerror}")

        for folder, folders, names in os.walk(self.path, onerror=fail):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    yield SourceFile(name, os.path.join(folder, name), guess_project(name))


def select_files(files: Sequence[SourceFile], globs: Sequence[str], place: str) -> SourceListing:
    """Return the files of the selected projects, or all files without globs.

    :raises CommandFailure: if a glob matches no project.
    """
    selected = set(select_projects((file.project for file in files if file.project), globs, place))
    return SourceListing([file for file in files if not globs or file.project in selected])
