"""One project: its record, what the catalog is told of it, its pages, its files, what is blocked.

Nothing is judged by rules of its own: pages are rendered as they are to be published and compared,
``blocked.json`` is sound where publishing would not write it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from cloud.ports import Bucket, ObjectInfo
from publisher import blocked
from publisher.pages import KINDS, read_record
from publisher.render.listing import Listing
from publisher.repair.difference import Difference, Kind
from publisher.repair.file import FileCheck
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.records import Blocked, ProjectRecord


@dataclass(frozen=True, slots=True)
class ProjectCheck:
    """Compares one project's record with everything that follows from it."""

    metadata: Bucket
    static: Bucket
    files: FileCheck

    def look(self, name: str) -> list[Difference]:
        """Return how a project's objects differ from its record, the metadata object ``name``."""
        info = self.metadata.stat(name)
        if info is None:
            return []
        try:
            record = read_record(self.metadata, name)
        except ValidationError as error:
            return [self._at(name, "unreadable-record", f"{error.error_count()} fields are wrong")]
        if layout.record(record.project) != name:
            return [self._at(name, "unreadable-record", f"it is the record of {record.project}")]
        return [
            *self._facts(info, record),
            *self._pages(record),
            *self._blocked(record),
            *self.files.look(record),
        ]

    def blocked(self) -> Blocked:
        """What the proxy is told not to serve; nothing where the object is absent."""
        stored = self.static.read(layout.BLOCKED)
        return Blocked.model_validate_json(stored.data) if stored else Blocked()

    def _facts(self, info: ObjectInfo, record: ProjectRecord) -> Iterator[Difference]:
        wanted = CatalogEntry.from_record(record).metadata()
        wrong = sorted(key for key in wanted if info.metadata.get(key, "") != wanted[key])
        wrong += sorted(info.metadata.keys() - wanted)
        if wrong:
            detail = f"its custom metadata {', '.join(wrong)} is not what the record gives"
            yield self._at(info.name, "wrong-facts", detail)

    def _pages(self, record: ProjectRecord) -> Iterator[Difference]:
        listing = Listing.from_record(record)
        for kind in KINDS:
            name = kind.name(record.project)
            page = self.static.stat(name)
            if page is None:
                yield self._page(name, "missing-page", f"{record.project} has a record")
            elif (revision := page.metadata.get(layout.RECORD_REVISION)) != str(record.revision):
                detail = f"it is of revision {revision}, the record of {record.revision}"
                yield self._page(name, "stale-page", detail)
            elif page.content_type != kind.content_type:
                yield self._page(name, "other-page", f"its type is {page.content_type}")
            elif (stored := self.static.read(name)) is None or stored.data != kind.render(listing):
                yield self._page(name, "other-page", "it is not what its record gives")

    def _blocked(self, record: ProjectRecord) -> Iterator[Difference]:
        document = self.blocked()
        known = document.projects.get(record.project)
        ahead = known is not None and known.revision > record.revision
        if ahead or blocked.merged(document, [record]) is not None:
            detail = f"it does not say what {record.project}'s record does"
            yield self._page(layout.BLOCKED, "wrong-blocked", detail)

    def _at(self, name: str, kind: Kind, detail: str) -> Difference:
        return Difference.at(self.metadata, name, kind, detail)

    def _page(self, name: str, kind: Kind, detail: str) -> Difference:
        return Difference.at(self.static, name, kind, detail)
