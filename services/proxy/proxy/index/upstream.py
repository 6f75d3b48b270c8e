"""The upstream index, for unknown projects that are not private (``UPSTREAM_INDEX_URL``)."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from fnmatch import fnmatchcase

from cloud.errors import NotFound
from cloud.ports import Reader
from proxy.index.blocking import BlockList
from schemas import layout
from schemas.names import ProjectName


@dataclass(frozen=True, slots=True)
class Upstream:
    """Upstream index, and the names that are never redirected to it."""

    index_url: str
    """URL with a slash at the end."""
    private_names: tuple[str, ...]
    """Globs over normalised names."""
    static: Reader
    """The pages of this index."""

    async def find(self, project: ProjectName, blocked: BlockList) -> str:
        """Return the upstream URL of a project that is not in this index.

        :raises NotFound: if the name is private, or the project has or had a file in this index.
        :raises CloudError: if Cloud Storage does not respond.
        """
        if any(fnmatchcase(project, glob) for glob in self.private_names):
            raise NotFound("the name is private")
        if blocked.has_project(project) or await _has_page(self.static, project):
            raise NotFound("the project is, or was, in this index")
        return f"{self.index_url}{project}/"


async def _has_page(static: Reader, project: ProjectName) -> bool:
    """Return whether a project has a page in this index. Pages are never deleted.

    The function requests both pages (HTML and JSON), because the publisher writes one before the
    other. It requests them from Cloud Storage, because the cache can be some seconds old.
    """
    names = layout.locate_project_html(project), layout.locate_project_json(project)
    return any(await asyncio.gather(*(_exists(static, name) for name in names)))


async def _exists(bucket: Reader, name: str) -> bool:
    try:
        download = await bucket.open(name, stop=1)
    except NotFound:
        return False
    async with aclosing(download):
        return True
