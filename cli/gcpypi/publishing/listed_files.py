"""Files on the pages of projects, with their digests."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import Protocol

from gcpypi.errors import CommandFailure
from schemas.names import ProjectName

Digests = Mapping[str, str]
"""SHA-256 by file name."""


class PageSource(Protocol):
    """Reader of project pages, such as an index client."""

    def find_digests(self, project: str) -> Digests | None:
        """Return the files on the page of a project, or None."""
        ...


class ListedFiles:
    """Pages of an index, read by several threads.

    :param reader: None without read access to the index: then no page lists a file.
    """

    def __init__(self, reader: PageSource | None) -> None:
        self._reader = reader
        self.failure: CommandFailure | None = None
        """Failure of the last request, if it failed."""

    @property
    def is_readable(self) -> bool:
        """True if the pages can be read."""
        return self._reader is not None

    def give_up(self) -> None:
        """Read no page from now on."""
        self._reader = None

    def read(self, project: ProjectName) -> Digests:
        """Return the files on the page of a project.

        :raises CommandFailure: if the index does not answer, or denies the access.
        """
        return (self._reader.find_digests(project) if self._reader else None) or {}

    def read_many(
        self, projects: Iterable[ProjectName], executor: Executor
    ) -> Mapping[ProjectName, Digests]:
        """Return the files on several pages; a page that cannot be read is absent.

        The failure of the last round is in ``failure``.
        """
        wanted = tuple(projects)
        self.failure = None
        pages = zip(wanted, executor.map(self._try_read, wanted), strict=True)
        return {project: page for project, page in pages if page is not None}

    def _try_read(self, project: ProjectName) -> Digests | None:
        try:
            return self.read(project)
        except CommandFailure as failure:
            self.failure = failure
            return None
