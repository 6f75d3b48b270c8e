"""Publication of the catalog: the pages that list all projects.

1. Read the generations of the catalog's pages.
2. *Then* list the records. The custom metadata of a record contains the data of the project for
   the catalog. The record is read only if this metadata is invalid.
3. Render all pages, and write each with its generation of step 1 (0 if it was absent). Never skip
   a page: a write of equal bytes also changes the generation, so that an instance with an older
   listing gets 412.
4. After 412, start again: another instance wrote after step 1, perhaps from an older listing.

The publisher never deletes a page. If the changelog gets shorter, its last pages stay, without
entries.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from cloud.errors import NotFound
from cloud.ports import Bucket, Headers, ObjectInfo
from cloud.retry import Retry
from publisher.errors import UnreadableEntry
from publisher.project_pages import read_record
from publisher.render import catalog_html, simple_json
from publisher.render.templates import ENTRIES_PER_PAGE
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.headers import HTML, REVALIDATE, SIMPLE_JSON

logger = logging.getLogger(__name__)

Page = tuple[str, str, bytes]
"""Object name, content type and bytes of a page."""

Generations = dict[str, int]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Pages of the catalog in the static bucket."""

    static: Bucket
    metadata: Bucket
    title: str
    retry: Retry

    def publish(self) -> int:
        """Publish all pages; return the number of projects.

        The pages list at least the projects with a record at the time of the call.
        """
        return self.retry(self._attempt)

    def _attempt(self) -> int:
        generations = self._list_generations()
        found = map(self._read_entry_or_log, self.metadata.list(layout.RECORDS))
        entries = sorted((entry for entry in found if entry), key=lambda entry: entry.project)
        for name, content_type, data in render_catalog(entries, self.title, generations):
            headers = Headers(content_type=content_type, cache_control=REVALIDATE)
            self.static.write(name, data, headers, if_generation=generations.get(name, 0))
        return len(entries)

    def _read_entry_or_log(self, info: ObjectInfo) -> CatalogEntry | None:
        """Read an entry; skip an object that is not a record, and log an error."""
        try:
            return read_entry(info, self.metadata)
        except UnreadableEntry as error:
            logger.error("left out of the catalog: %s: %s", error, error.__cause__)
            return None

    def _list_generations(self) -> Generations:
        roots = map(self.static.stat, (layout.ROOT_JSON, layout.ROOT_HTML, layout.HOME))
        infos = [*filter(None, roots), *self.static.list(layout.CHANGELOG)]
        return {info.name: info.generation for info in infos}


def render_catalog(
    entries: Sequence[CatalogEntry], title: str, existing: Generations
) -> Iterator[Page]:
    """Render the pages one by one, so that only one is in memory at a time.

    :param entries: sorted by project.
    :param existing: generations of existing pages; all existing changelog pages are rewritten.
    """
    projects = [entry.project for entry in entries]
    yield layout.ROOT_JSON, SIMPLE_JSON, simple_json.render_root(projects)
    yield layout.ROOT_HTML, HTML, catalog_html.render_root(projects)
    yield layout.HOME, HTML, catalog_html.render_home(entries, title)
    newest = sort_by_upload(entries)
    pages = max(1, -(-len(newest) // ENTRIES_PER_PAGE))
    number = 1
    while number <= pages or layout.locate_changelog(number) in existing:
        chunk = newest[(number - 1) * ENTRIES_PER_PAGE : number * ENTRIES_PER_PAGE]
        data = catalog_html.render_changelog(chunk, title, number, pages)
        yield layout.locate_changelog(number), HTML, data
        number += 1


def sort_by_upload(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """Return the entries that offer files, latest upload first; equal times are sorted by name."""
    uploads = [(entry.latest_upload, entry) for entry in entries if entry.latest_upload]
    return [entry for _, entry in sorted(uploads, key=_rank_upload)]


def _rank_upload(upload: tuple[datetime, CatalogEntry]) -> tuple[float, str]:
    time, entry = upload
    return -time.timestamp(), entry.project


def read_entry(info: ObjectInfo, metadata: Bucket) -> CatalogEntry:
    """Read the entry from the custom metadata; if that is invalid, derive it from the record.

    :raises UnreadableEntry: if the object is not a record.
    """
    try:
        return CatalogEntry.read(layout.parse_record_name(info.name), info.metadata)
    except ValueError:  # not a project name, or invalid metadata
        return _derive_entry(info.name, metadata)


def _derive_entry(name: str, metadata: Bucket) -> CatalogEntry:
    try:
        return CatalogEntry.from_record(read_record(metadata, name))
    except (NotFound, ValidationError) as error:
        raise UnreadableEntry(name) from error
