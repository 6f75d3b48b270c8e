"""Index of ``benchmarks.read``: the same pages and files for all servers, on disk."""

import os
import random
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen
from zipfile import ZipFile

from benchmarks.harness.seeded_index import make_record
from publisher.project_pages import KINDS
from publisher.render.catalog_html import render_root
from publisher.render.listing import Listing
from publisher.render.simple_json import render_root as render_root_json
from schemas import layout
from schemas.names import ProjectName
from schemas.records import FileRecord, ProjectRecord
from testing.fakes.small_wheels import build_wheel

OTHERS = 1000
"""Number of projects with one file. They only make the root page longer."""
FILES: Mapping[str, int] = {"small-project": 5, "hot-project": 500, "big-project": 1}
LARGE = 50_000_000
SMALL = 9_000
"""Random bytes in a small wheel, which has ten kilobytes in all."""
METADATA = "Classifier: Any\n" * 60
"""Lines that bring METADATA to a usual size: one kilobyte."""


@dataclass(frozen=True)
class SiteDirectory:
    """A directory with ``static/``, the content of the static bucket, and ``packages/``."""

    directory: Path

    @property
    def static(self) -> Path:
        """Pages, named as in their bucket."""
        return self.directory / "static"

    @property
    def packages(self) -> Path:
        """The wheels and their METADATA."""
        return self.directory / "packages"

    @property
    def by_project(self) -> Path:
        """The same wheels in one directory per project."""
        return self.directory / "by-project"

    def list_wheels(self) -> Iterator[Path]:
        """Return the paths of all wheels."""
        return self.packages.glob("*.whl")


def make_site(directory: Path) -> SiteDirectory:
    """Write the pages and the files."""
    site, noise = SiteDirectory(directory), random.Random(1)  # noqa: S311 - not secret
    site.packages.mkdir(parents=True)
    projects = dict(FILES) | {make_other_name(number): 1 for number in range(OTHERS)}
    for project, files in projects.items():
        record = make_record(ProjectName(project), files)
        written = {file.filename: _write_wheel(site, file, noise) for file in record.files.values()}
        _write_pages(site, record.model_copy(update={"files": written}))
    names = sorted(ProjectName(name) for name in projects)
    (site.static / layout.ROOT_HTML).write_bytes(render_root(names))
    (site.static / layout.ROOT_JSON).write_bytes(render_root_json(names))
    return site


def make_other_name(number: int) -> str:
    """Return the name of a project with one file."""
    return f"other-{number:04d}"


def _write_wheel(site: SiteDirectory, file: FileRecord, noise: random.Random) -> FileRecord:
    """Write a wheel and its METADATA; return the record with their digests and sizes."""
    is_large = file.project == "big-project"
    body = noise.randbytes(LARGE) if is_large else b'X = "%b"' % b64encode(noise.randbytes(SMALL))
    spelled, path = file.project.replace("-", "_"), site.packages / file.filename
    path.write_bytes(build_wheel(spelled, file.version, metadata=METADATA, body=body))
    with ZipFile(path) as archive:
        metadata = archive.read(f"{spelled}-{file.version}.dist-info/METADATA")
    path.with_name(layout.locate_core_metadata(file.filename)).write_bytes(metadata)
    folder = site.by_project / file.project
    folder.mkdir(parents=True, exist_ok=True)
    os.link(path, folder / file.filename)
    facts = {
        "sha256": sha256(path.read_bytes()).hexdigest(),
        "size": path.stat().st_size,
        "metadata_sha256": sha256(metadata).hexdigest(),
        "requires_dist": (),
    }
    return file.model_copy(update=facts)


def _write_pages(site: SiteDirectory, record: ProjectRecord) -> None:
    listing = Listing.from_record(record)
    for kind in KINDS:
        page = site.static / kind.locate(record.project)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(kind.render(listing))


def upload_site(storage: str, site: SiteDirectory, static: str, packages: str) -> None:
    """Upload the site to two new buckets of a stand-in for Cloud Storage."""
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
