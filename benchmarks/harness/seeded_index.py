"""Index of any size, written directly into the strict Cloud Storage.

Seeding by publishing would take hours at 100 000 files; this takes seconds. Records, pages,
``.metadata`` and files are the same as after a publish. The content of the files and of the pages
for people is a placeholder, because no worker reads it.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cloud.ports import Headers
from indexer.merge import create_record
from publisher.project_pages import KINDS
from publisher.render.listing import Listing
from publisher.site.page_content import Readme, Site
from publisher.web.release_sources import ReleaseSources
from publisher.web.web_plan import WebPlan
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.headers import JSON, NO_STORE, REVALIDATE
from schemas.names import Filename, ProjectName, Version
from schemas.records import FileRecord, ProjectRecord
from schemas.releases import list_releases
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import FakeStorage

FILES_A_PROJECT = 10
START = datetime(2026, 1, 1, tzinfo=UTC)


def make_project_name(number: int) -> ProjectName:
    """Return the name of a seeded project."""
    return ProjectName(f"seeded-{number:05d}")


def make_record(project: ProjectName, files: int, revision: int = 1) -> ProjectRecord:
    """Make a record of ``files`` releases of one wheel each."""
    facts = (_make_file(project, Version(f"1.{number}"), number) for number in range(files))
    update = {"files": {file.filename: file for file in facts}, "revision": revision}
    record = create_record(project).model_copy(update=update)
    changed = dict.fromkeys(list_releases(record), revision)
    return record.model_copy(update={"changed": changed, "changed_at": revision})


def seed(storage: FakeStorage, files: int, prefix: str = "") -> None:
    """Fill the buckets ``<prefix>metadata``, ``…static`` and ``…packages`` with ``files`` files."""
    metadata, static, packages = (
        MemoryBucket(prefix + name, storage=storage) for name in ("metadata", "static", "packages")
    )
    for number in range(files // FILES_A_PROJECT):
        record = make_record(make_project_name(number), FILES_A_PROJECT)
        _put_record(metadata, record)
        _put_pages(static, record)
        for file in record.files.values():
            packages.put(file.filename, b"wheel")
            packages.put(layout.locate_core_metadata(file.filename), b"metadata")


def _put_record(metadata: MemoryBucket, record: ProjectRecord) -> None:
    headers = Headers(JSON, NO_STORE, CatalogEntry.from_record(record).to_metadata())
    metadata.put(layout.locate_record(record.project), record.encode(), headers)


def _put_pages(static: MemoryBucket, record: ProjectRecord) -> None:
    listing = Listing.from_record(record)
    metadata = {layout.RECORD_REVISION: str(record.revision)}
    for kind in KINDS:
        headers = Headers(kind.content_type, REVALIDATE, metadata)
        static.put(kind.locate(record.project), kind.render(listing), headers)
    sources = ReleaseSources(static, lambda metadata: Readme())  # no content is read
    for group in WebPlan(record, listing, (), Site("Packages"), sources).list_groups():
        for page in group.pages:
            static.put(page.name, b"", Headers(page.content_type, REVALIDATE, metadata))


def _make_file(project: ProjectName, version: Version, number: int) -> FileRecord:
    spelled = project.replace("-", "_")
    return FileRecord(
        filename=Filename(f"{spelled}-{version}-py3-none-any.whl"),
        project=project,
        version=version,
        sha256=sha256(f"{project} {version}".encode()).hexdigest(),
        size=10_000,
        upload_time=START + timedelta(minutes=number),
        uploader="seed",
        requires_python=">=3.8",
        requires_dist=("requests>=2", "numpy"),
        summary="A seeded project",
        metadata_sha256=sha256(b"metadata").hexdigest(),
        generation=1,
        source_generation=1,
    )
