"""Pages of the index that receives the files, each requested once unless it can have changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from pypi_simple import DistributionPackage

from gcpypi.connection.index_client import IndexClient


@dataclass
class TargetPages:
    """Files of each project, by file name. The methods are called from several threads."""

    index: IndexClient
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
