"""The index that everybody serves in ``make bench-read``: the same pages and files, on disk."""

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from publish_index import record_of

from fakes.wheels import wheel, wheel_filename
from publisher.catalog_html import render_root
from publisher.listing import Listing
from publisher.pages import KINDS
from publisher.simple_json import render_root as render_root_json
from schemas import layout
from schemas.names import ProjectName

OTHERS = 1000
"""Projects of one file, which only make the root longer."""
FILES: Mapping[str, int] = {"small-project": 5, "hot-project": 500, "big-project": 1}
LARGE = 50_000_000
SMALL = 9_000
"""Bytes that no compression makes fewer: the wheel around them has ten kilobytes."""
METADATA = b"Metadata-Version: 2.1\nName: small-project\nVersion: 1.0\n" + b"Classifier: Any\n" * 60


@dataclass(frozen=True)
class Site:
    """A directory with ``static/``, what the static bucket holds, and ``packages/``."""

    directory: Path

    @property
    def static(self) -> Path:
        """The pages, named as in their bucket."""
        return self.directory / "static"

    @property
    def packages(self) -> Path:
        """The wheels and their METADATA."""
        return self.directory / "packages"

    @property
    def by_project(self) -> Path:
        """The wheels again, a directory a project."""
        return self.directory / "by-project"

    def wheels(self) -> Iterator[Path]:
        """All of them."""
        return self.packages.glob("*.whl")


def make(directory: Path) -> Site:
    """Write it."""
    site, noise = Site(directory), random.Random(1)  # noqa: S311 - not secret
    site.packages.mkdir(parents=True)
    projects = dict(FILES) | {f"other-{number:04d}": 1 for number in range(OTHERS)}
    for project, files in projects.items():
        _write_pages(site, ProjectName(project), files)
        spelled = project.replace("-", "_")
        folder = site.by_project / project
        folder.mkdir(parents=True)
        for number in range(files):
            body = noise.randbytes(LARGE if project == "big-project" else SMALL)
            name = wheel_filename(spelled, f"1.{number}")
            (site.packages / name).write_bytes(wheel(spelled, f"1.{number}", body=body))
            (site.packages / f"{name}.metadata").write_bytes(METADATA)
            os.link(site.packages / name, folder / name)
    names = sorted(ProjectName(name) for name in projects)
    (site.static / layout.ROOT_HTML).write_bytes(render_root(names))
    (site.static / layout.ROOT_JSON).write_bytes(render_root_json(names))
    return site


def _write_pages(site: Site, project: ProjectName, files: int) -> None:
    listing = Listing.of(record_of(project, files))
    for kind in KINDS:
        page = site.static / kind.name(project)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(kind.render(listing))


def fill(storage: str, site: Site, static: str, packages: str) -> None:
    """Upload it to two new buckets of a stand-in for Cloud Storage."""
    for bucket, folder in ((static, site.static), (packages, site.packages)):
        _post(f"{storage}/storage/v1/b?project=p", f'{{"name":"{bucket}"}}'.encode())
        for path in folder.rglob("*"):
            if path.is_file():
                name = quote(str(path.relative_to(folder)), safe="")
                address = f"{storage}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}"
                _post(address, path.read_bytes())


def _post(url: str, data: bytes) -> None:
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    urlopen(request).close()  # noqa: S310 - loopback
