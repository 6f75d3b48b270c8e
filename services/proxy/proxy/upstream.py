"""The index behind this one, for projects that are none of ours (``UPSTREAM_INDEX_URL``)."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from fnmatch import fnmatchcase

from cloud.errors import NotFound
from cloud.ports import Reader
from schemas import layout
from schemas.names import ProjectName


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where unknown projects are looked for, and which never are."""

    index_url: str
    """Ends in a slash."""
    private_names: tuple[str, ...]
    """Globs over normalised names."""

    def page_of(self, project: ProjectName) -> str | None:
        """The project's page there; None for a private name."""
        if any(fnmatchcase(project, glob) for glob in self.private_names):
            return None
        return f"{self.index_url}{project}/"


async def has_page(static: Reader, project: ProjectName) -> bool:
    """Whether a project has, or ever had, a page here: pages are never deleted.

    Asked of storage, not of memory, which may be some seconds behind; and of both pages, as one is
    written before the other.

    :raises CloudError: if nobody can say.
    """
    names = layout.project_html(project), layout.project_json(project)
    return any(await asyncio.gather(*(_exists(static, name) for name in names)))


async def _exists(bucket: Reader, name: str) -> bool:
    try:
        download = await bucket.open(name, stop=1)
    except NotFound:
        return False
    async with aclosing(download):
        return True
