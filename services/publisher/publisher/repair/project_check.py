"""Check of one project: record, facts for the catalog, all pages, files and ``blocked.json``.

The check has no rules of its own: it calls the functions that publish. It renders each page and
compares the bytes. ``blocked.json`` is correct if it blocks the files that the record blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from cloud.ports import Bucket, ObjectInfo
from publisher.project_pages import KINDS, PageKind
from publisher.render.listing import Listing
from publisher.repair.blocked_check import describe_difference
from publisher.repair.difference import Difference, DifferenceKind, Finding
from publisher.repair.effective_commands import list_effective_commands
from publisher.repair.file_check import FileCheck
from publisher.repair.web_check import WebCheck
from publisher.stored_pages import read_record
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.records import Blocked, ProjectRecord


@dataclass(frozen=True, slots=True)
class ProjectCheck:
    """Comparison of one project's record with all objects derived from it."""

    metadata: Bucket
    static: Bucket
    files: FileCheck
    web: WebCheck
    kinds: Sequence[PageKind] = KINDS

    def check(self, name: str) -> list[Finding]:
        """Return the commands that take effect, and the differences from the record ``name``."""
        info = self.metadata.stat(name)
        if info is None:
            return []
        try:
            record = read_record(self.metadata, name)
        except ValidationError as error:
            return [
                self._report_metadata(
                    name, "unreadable-record", f"{error.error_count()} fields are invalid"
                )
            ]
        if layout.locate_record(record.project) != name:
            return [
                self._report_metadata(
                    name, "unreadable-record", f"it is the record of {record.project}"
                )
            ]
        return [
            *list_effective_commands(record),
            *self._check_facts(info, record),
            *self._check_pages(record),
            *self.web.check(record),
            *self._check_blocked(record),
            *self.files.check(record),
        ]

    def read_blocked(self) -> Blocked:
        """Read ``blocked.json``; return an empty document if it is absent."""
        stored = self.static.read(layout.BLOCKED)
        return Blocked.model_validate_json(stored.data) if stored else Blocked()

    def _check_facts(self, info: ObjectInfo, record: ProjectRecord) -> Iterator[Difference]:
        expected = CatalogEntry.from_record(record).to_metadata()
        wrong = sorted(key for key in expected if info.metadata.get(key, "") != expected[key])
        wrong += sorted(info.metadata.keys() - expected)
        if wrong:
            detail = f"its custom metadata differs from the record: {', '.join(wrong)}"
            yield self._report_metadata(info.name, "wrong-facts", detail)

    def _check_pages(self, record: ProjectRecord) -> Iterator[Difference]:
        listing = Listing.from_record(record)
        for kind in self.kinds:
            name = kind.locate(record.project)
            page = self.static.stat(name)
            if page is None:
                yield self._report_static(name, "missing-page", f"{record.project} has a record")
            elif (revision := page.metadata.get(layout.RECORD_REVISION)) != str(record.revision):
                detail = f"it has revision {revision}, the record has revision {record.revision}"
                yield self._report_static(name, "stale-page", detail)
            elif page.content_type != kind.content_type:
                yield self._report_static(
                    name, "other-page", f"its content type is {page.content_type}"
                )
            elif (stored := self.static.read(name)) is None or stored.data != kind.render(listing):
                yield self._report_static(
                    name, "other-page", "it differs from the page rendered from its record"
                )

    def _check_blocked(self, record: ProjectRecord) -> Iterator[Difference]:
        if detail := describe_difference(self.read_blocked(), record):
            yield self._report_static(layout.BLOCKED, "wrong-blocked", detail)

    def _report_metadata(self, name: str, kind: DifferenceKind, detail: str) -> Difference:
        return Difference.from_object(self.metadata, name, kind, detail)

    def _report_static(self, name: str, kind: DifferenceKind, detail: str) -> Difference:
        return Difference.from_object(self.static, name, kind, detail)
