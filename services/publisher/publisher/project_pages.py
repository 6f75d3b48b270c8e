"""Publication of a project's pages for installers from its newest record.

It follows the protocol of :mod:`publisher.stored_pages`. Every page needs the revision of the
record. Before the first page, the publisher updates ``blocked.json`` from the record, so that the
proxy blocks a removed file before the pages change.
The publisher deletes nothing: a project without files has pages without files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cloud.ports import Bucket, ObjectInfo
from cloud.retry import Retry
from publisher.blocked import BlockedList
from publisher.render import project_html, simple_json
from publisher.render.listing import Listing
from publisher.stored_pages import StoredPages, is_outdated, read_record
from schemas import layout
from schemas.headers import HTML, SIMPLE_JSON
from schemas.names import ProjectName
from schemas.records import ProjectRecord


@dataclass(frozen=True, slots=True)
class PageKind:
    """Kind of page; every project has one page of each kind."""

    locate: Callable[[ProjectName], str]
    content_type: str
    render: Callable[[Listing], bytes]


KINDS = (
    PageKind(layout.locate_project_json, SIMPLE_JSON, simple_json.render_project),
    PageKind(layout.locate_project_html, HTML, project_html.render),
)
"""All kinds of pages for installers in the order of writing."""


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """Pages of all projects in the static bucket."""

    static: Bucket
    metadata: Bucket
    blocked: BlockedList
    retry: Retry

    def publish(self, project: ProjectName, *, force: bool) -> ProjectRecord:
        """Publish the pages, and return the record; the pages are of this record or a newer one.

        A duplicate message costs two ``stat`` and two reads, all of class B.

        :param force: write every page, even if it has the revision of the record.
        :raises NotFound: if the record does not exist. Cloud Storage is consistent, so an
            operator deleted the record after its announcement.
        """
        return self.retry(lambda: self._attempt(project, force))

    def _attempt(self, project: ProjectName, force: bool) -> ProjectRecord:
        pages = StoredPages(self.static)
        found = pages.find(kind.locate(project) for kind in KINDS)
        record = read_record(self.metadata, layout.locate_record(project))
        self.blocked.update(record)
        for kind, data in _render_pages(self._choose_kinds(found, record, force), record):
            name = kind.locate(project)
            pages.write(
                name,
                kind.content_type,
                data,
                revision=record.revision,
                found=found.get(name),
            )
        return record

    def _choose_kinds(
        self, found: Mapping[str, ObjectInfo], record: ProjectRecord, force: bool
    ) -> Sequence[PageKind]:
        """Return the kinds of the pages to write."""
        return [
            kind
            for kind in KINDS
            if force or is_outdated(found.get(kind.locate(record.project)), record.revision)
        ]


def _render_pages(
    kinds: Sequence[PageKind], record: ProjectRecord
) -> Sequence[tuple[PageKind, bytes]]:
    """Render all pages before the first write, so that an error leaves every page unchanged."""
    if not kinds:
        return ()
    listing = Listing.from_record(record)
    return [(kind, kind.render(listing)) for kind in kinds]
