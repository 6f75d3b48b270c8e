"""Protocol of the pages of one project, the same for installers and for people.

1. Note the generations of the project's pages, and their ``record-revision``.
2. *Then* read the record.
3. Skip a page only if it is current: its ``record-revision`` is the one that it needs. A forced
   publication of pages for people skips it only if this or a later forced message wrote it
   (``docs/adr/0038-a-forced-run-is-resumed.md``).
4. Write the other pages with the generations of step 1 (0 if absent).
5. After 412, start again: another instance wrote after step 1, perhaps from an older record.

Pages of an older record never replace those of a newer one. Each write changes the generation of a
page, so step 4 succeeds only if the page is as it was in step 1. The record that step 2 reads is at
least as new as each one that the indexer announced before step 1. Revisions alone are not enough,
because comparison and write are two steps. Generations alone are not enough, because they do not
show which pages step 3 can skip. Pages are never deleted.

The pages for installers need the revision of the record; a page of a higher revision also counts as
current. The pages for people need revisions that :mod:`schemas.releases.page_revisions` explains.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud.errors import NotFound, PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from cloud.retry import Backoff
from schemas import layout, web_layout
from schemas.headers import REVALIDATE
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from schemas.types import format_time

BACKOFFS: Mapping[type[Exception], Backoff] = {
    PreconditionFailed: Backoff(first=0.05, longest=0.4),
    TooManyRequests: Backoff(first=1.0, longest=8.0),
}
"""Pauses before the repetition of a publication, with jitter that separates two instances.

The pause is short if another instance wrote first (412). After 429 the first pause is about one
second, because Cloud Storage accepts about one write per second per object name.
"""


@dataclass(frozen=True, slots=True)
class StoredPages:
    """Pages in the static bucket."""

    static: Bucket

    def find(self, names: Iterable[str]) -> dict[str, ObjectInfo]:
        """Return the existing pages of ``names``; it costs one class B operation for each."""
        found = (self.static.stat(name) for name in names)
        return {info.name: info for info in found if info is not None}

    def list(self, prefix: str) -> dict[str, ObjectInfo]:
        """Return all pages with a prefix; it costs one class A operation for each 1,000 pages."""
        return {info.name: info for info in self.static.list(prefix)}

    def write(
        self,
        name: str,
        content_type: str,
        data: bytes,
        *,
        revision: int,
        found: ObjectInfo | None,
        forced_at: datetime | None = None,
    ) -> None:
        """Write a page that is still as it was found.

        :param revision: revision that the page needs, and gets as ``record-revision``.
        :param found: the page of step 1; None if it was absent.
        :param forced_at: publish time of the forced message, if it has to be noted.
        :raises PreconditionFailed: if another instance wrote the page.
        """
        metadata = {layout.RECORD_REVISION: str(revision)}
        if forced_at is not None:
            metadata[web_layout.FORCED_AT] = format_time(forced_at)
        headers = Headers(content_type, REVALIDATE, metadata)
        generation = found.generation if found else 0
        self.static.write(name, data, headers, if_generation=generation)


def is_outdated(found: ObjectInfo | None, needed: int) -> bool:
    """Return whether a page is missing, has no revision, or has a lower one than ``needed``."""
    revision = layout.read_record_revision(found.metadata) if found else None
    return revision is None or revision < needed


def read_record(metadata: Bucket, name: str) -> ProjectRecord:
    """Return the record in the object ``name`` of the metadata bucket.

    :raises NotFound: if there is no such object.
    :raises ValidationError: if the object is not a record.
    """
    return ProjectRecord.model_validate_json(_read_object(metadata, name).data)


def read_record_generation(metadata: Bucket, project: ProjectName) -> tuple[ProjectRecord, int]:
    """Return the record of a project, and the generation of its object; see `read_record`."""
    stored = _read_object(metadata, layout.locate_record(project))
    return ProjectRecord.model_validate_json(stored.data), stored.generation


def _read_object(metadata: Bucket, name: str) -> StoredObject:
    stored = metadata.read(name)
    if stored is None:
        raise NotFound(f"gs://{metadata.name}/{name}")
    return stored
