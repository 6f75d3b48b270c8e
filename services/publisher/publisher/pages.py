"""The page protocol: how a project's pages come to be those of its newest record.

1. Look at the project's pages: their generations and the ``record-revision`` they were made of.
2. *Then* read the record.
3. Bring ``blocked.json`` up to it, so that nothing removed outlives its page.
4. Skip a page only if its ``record-revision`` is not lower than the record's.
5. Write the others with the generations of step 1 (0 where absent).
6. 412: somebody wrote after step 1, perhaps from an older record. Start over.

Why an older record never has the last word: a page written after step 1 moves its generation, so
a write that succeeds was preceded, in the life of that page, only by what step 1 saw; and whoever
announced a newer record before step 1 is read in step 2. The revisions alone would not do (the
test and the write are not one step), nor would the generations alone (they are not ordered).
Nothing is ever deleted: a project without files has pages that offer none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
class Kind:
    """One of a project's pages."""

    name: Callable[[ProjectName], str]
    content_type: str
    render: Callable[[Listing], bytes]


KINDS = (
    Kind(layout.project_json, SIMPLE_JSON, simple_json.render_project),
    Kind(layout.project_html, HTML, project_html.render),
    Kind(layout.legacy_json, JSON, legacy_json.render),
)
"""In the order of writing: what installers read comes first."""


@dataclass(frozen=True, slots=True)
class ProjectPages:
    """The pages of all projects, in the static bucket."""

    static: Bucket
    metadata: Bucket
    blocked: BlockedList
    retry: Retry

    def publish(self, project: ProjectName, *, force: bool) -> ProjectRecord:
        """Return the record that the pages are now of, or newer than.

        A duplicate costs one list, a stat and two reads. ``force`` skips no page.

        :raises NotFound: if there is no record. Cloud Storage is consistent: it was announced,
            so it was there.
        """
        return self.retry(lambda: self._attempt(project, force))

    def _attempt(self, project: ProjectName, force: bool) -> ProjectRecord:
        found = self._found(project)
        record = read_record(self.metadata, layout.record(project))
        self.blocked.note(record)
        due = [kind for kind in KINDS if force or _is_due(found.get(kind.name(project)), record)]
        for kind, data in _rendered(due, record):
            self._write(kind, record, data, found.get(kind.name(project)))
        return record

    def _found(self, project: ProjectName) -> dict[str, ObjectInfo]:
        pages = {info.name: info for info in self.static.list(layout.project_pages(project))}
        legacy = self.static.stat(layout.legacy_json(project))
        return pages | ({legacy.name: legacy} if legacy else {})

    def _write(
        self, kind: Kind, record: ProjectRecord, data: bytes, found: ObjectInfo | None
    ) -> None:
        headers = Headers(
            content_type=kind.content_type,
            cache_control=REVALIDATE,
            metadata={layout.RECORD_REVISION: str(record.revision)},
        )
        generation = found.generation if found else 0
        self.static.write(kind.name(record.project), data, headers, if_generation=generation)


def read_record(metadata: Bucket, name: str) -> ProjectRecord:
    """Return the record in the object ``name`` of the metadata bucket.

    :raises NotFound: if there is no such object.
    :raises ValidationError: if it is not a record.
    """
    stored = metadata.read(name)
    if stored is None:
        raise NotFound(f"gs://{metadata.name}/{name}")
    return ProjectRecord.model_validate_json(stored.data)


def _rendered(kinds: Sequence[Kind], record: ProjectRecord) -> Sequence[tuple[Kind, bytes]]:
    """The pages, all rendered before the first is written, so that none is if one cannot be."""
    if not kinds:
        return ()
    listing = Listing.from_record(record)
    return [(kind, kind.render(listing)) for kind in kinds]


def _is_due(found: ObjectInfo | None, record: ProjectRecord) -> bool:
    """Whether a page is missing or of an older record; one that does not say counts as older."""
    revision = layout.record_revision(found.metadata) if found else None
    return revision is None or revision < record.revision
