"""Pages of the index that receives the files, each requested once unless it can have changed."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from pypi_simple import DistributionPackage

from gcpypi.connection.index_client import IndexClient


@dataclass
class TargetPages:
    """Files of each project, by file name. The methods are called from several threads.

    :param jobs: requests at a time of :meth:`load`.
    """

    index: IndexClient
    jobs: int = 8
    _pages: dict[str, Mapping[str, DistributionPackage]] = field(default_factory=dict)
    _locks: dict[str, Lock] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get_files(self, project: str) -> Mapping[str, DistributionPackage]:
        """Return the files on a project's page; none if the index has no such project.

        :raises CommandFailure: if the index does not answer.
        """
        with self._lock:
            lock = self._locks.setdefault(project, Lock())
        with lock:
            if project not in self._pages:
                self._pages[project] = self._request(project)
            return self._pages[project]

    def refresh(self, projects: Iterable[str]) -> None:
        """Request the pages of projects again, with the errors of :meth:`load`."""
        wanted = frozenset(projects)
        for project in wanted:
            self.forget(project)
        self.load(wanted)

    def load(self, projects: Iterable[str]) -> None:
        """Request the pages of projects that are not known yet, several at a time.

        :raises CommandFailure: if the index does not answer.
        """
        wanted = sorted({*projects} - self._pages.keys())
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.get_files, wanted))

    def forget(self, project: str) -> None:
        """Request the page of a project again when it is needed."""
        self._pages.pop(project, None)

    def _request(self, project: str) -> Mapping[str, DistributionPackage]:
        """Return the index's own files.

        For a public name the index redirects to its upstream index. The links of that page lead to
        other hosts.
        """
        page = self.index.find_project(project)
        own = urlsplit(self.index.url).netloc
        packages = page.packages if page else ()
        return {each.filename: each for each in packages if urlsplit(each.url).netloc == own}
