"""Publication of a project's pages from its newest record.

1. List the pages of the project, with their generations and their ``record-revision``.
2. *Then* read the record.
3. Update ``blocked.json`` from the record, so that the proxy blocks a removed file before the
   pages change.
4. Skip a page only if its ``record-revision`` is at least that of the record.
5. Write the other pages with the generations of step 1 (0 if absent).
6. After 412, start again: another instance wrote after step 1, perhaps from an older record.

Pages of an older record never replace those of a newer one. Each write changes the generation of a
page, so step 5 succeeds only if the page is as it was in step 1. The record that step 2 reads is at
least as new as each one that the indexer announced before step 1. Revisions alone are not enough,
because comparison and write are two steps. Generations alone are not enough, because they do not
show which pages step 4 can skip.
The publisher deletes nothing: a project without files has pages without files.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.errors import NotFound
from cloud.ports import Bucket, Headers, ObjectInfo
from cloud.retry import Retry
from publisher.blocked import BlockedList
from publisher.render import legacy_json, project_html, simple_json
from publisher.render.listing import Listing
from schemas import layout
from schemas.headers import HTML, JSON, REVALIDATE, SIMPLE_JSON
from schemas.names import ProjectName
from schemas.records import ProjectRecord


@dataclass(frozen=True, slots=True)
class PageKind:
    """Kind of page; every project has one page of each kind."""

    locate: Callable[[ProjectName], str]
    content_type: str
    render: Callable[[Listing], bytes]


def create_kinds(index_url: str | None = None) -> tuple[PageKind, ...]:
    """Return all kinds of pages in the order of writing: pages for installers come first.

    :param index_url: address for the absolute URLs of the legacy JSON API; None: relative URLs.
    """
    render_legacy = partial(legacy_json.render, index_url=index_url)
    return (
        PageKind(layout.locate_project_json, SIMPLE_JSON, simple_json.render_project),
        PageKind(layout.locate_project_html, HTML, project_html.render),
        PageKind(layout.locate_legacy_json, JSON, render_legacy),
    )


KINDS = create_kinds()
"""All kinds of pages, with relative URLs only."""


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """Pages of all projects in the static bucket."""

    static: Bucket
    metadata: Bucket
    blocked: BlockedList
    retry: Retry
    kinds: Sequence[PageKind] = KINDS

    def publish(self, project: ProjectName, *, force: bool) -> ProjectRecord:
        """Publish the pages, and return the record; the pages are of this record or a newer one.

        A duplicate message costs one listing, one ``stat`` and two reads.

        :param force: write every page, even if it has the revision of the record.
        :raises NotFound: if the record does not exist. Cloud Storage is consistent, so an
            operator deleted the record after its announcement.
        """
        return self.retry(lambda: self._attempt(project, force))

    def _attempt(self, project: ProjectName, force: bool) -> ProjectRecord:
        found = self._list_pages(project)
        record = read_record(self.metadata, layout.locate_record(project))
        self.blocked.update(record)
        kinds = [
            k for k in self.kinds if force or _is_outdated(found.get(k.locate(project)), record)
        ]
        for kind, data in _render_pages(kinds, record):
            self._write(kind, record, data, found.get(kind.locate(project)))
        return record

    def _list_pages(self, project: ProjectName) -> dict[str, ObjectInfo]:
        pages = {info.name: info for info in self.static.list(layout.locate_project_pages(project))}
        legacy = self.static.stat(layout.locate_legacy_json(project))
        return pages | ({legacy.name: legacy} if legacy else {})

    def _write(
        self, kind: PageKind, record: ProjectRecord, data: bytes, found: ObjectInfo | None
    ) -> None:
        headers = Headers(
            content_type=kind.content_type,
            cache_control=REVALIDATE,
            metadata={layout.RECORD_REVISION: str(record.revision)},
        )
        generation = found.generation if found else 0
        self.static.write(kind.locate(record.project), data, headers, if_generation=generation)


def read_record(metadata: Bucket, name: str) -> ProjectRecord:
    """Return the record in the object ``name`` of the metadata bucket.

    :raises NotFound: if there is no such object.
    :raises ValidationError: if the object is not a record.
    """
    stored = metadata.read(name)
    if stored is None:
        raise NotFound(f"gs://{metadata.name}/{name}")
    return ProjectRecord.model_validate_json(stored.data)


def _render_pages(
    kinds: Sequence[PageKind], record: ProjectRecord
) -> Sequence[tuple[PageKind, bytes]]:
    """Render all pages before the first write, so that an error leaves every page unchanged."""
    if not kinds:
        return ()
    listing = Listing.from_record(record)
    return [(kind, kind.render(listing)) for kind in kinds]


def _is_outdated(found: ObjectInfo | None, record: ProjectRecord) -> bool:
    """Return whether a page is missing, has no revision, or has a lower one than the record."""
    revision = layout.read_record_revision(found.metadata) if found else None
    return revision is None or revision < record.revision
