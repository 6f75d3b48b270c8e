"""The catalog's protocol: how the pages over all projects come to know of every record.

1. Note the generations of the catalog's own pages.
2. *Then* list the records: their custom metadata says all there is to know, so none is read.
3. Render, and write with the generations of step 1 (0 where absent), never skipping one: bytes
   that look the same still move the generation, and so stop whoever listed before us.
4. 412: somebody wrote after step 1, perhaps from an older listing. Start over.

Pages are never deleted; a page of the changelog beyond the last is left without entries.
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
from publisher.pages import read_record
from publisher.render import catalog_html, simple_json
from publisher.render.templates import ENTRIES_PER_PAGE
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.headers import HTML, REVALIDATE, SIMPLE_JSON

logger = logging.getLogger(__name__)

Page = tuple[str, str, bytes]
"""A page's object name, its content type and its bytes."""

Generations = dict[str, int]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog, in the static bucket."""

    static: Bucket
    metadata: Bucket
    title: str
    retry: Retry

    def publish(self) -> int:
        """Return how many projects it lists: all whose records were there when it was called."""
        return self.retry(self._attempt)

    def _attempt(self) -> int:
        generations = self._generations()
        found = map(self._entry, self.metadata.list(layout.RECORDS))
        entries = sorted((entry for entry in found if entry), key=lambda entry: entry.project)
        for name, content_type, data in rendered(entries, self.title, generations):
            headers = Headers(content_type=content_type, cache_control=REVALIDATE)
            self.static.write(name, data, headers, if_generation=generations.get(name, 0))
        return len(entries)

    def _entry(self, info: ObjectInfo) -> CatalogEntry | None:
        """Leave out what is no record, and say so: one stray object must not stop everybody."""
        try:
            return entry_of(info, self.metadata)
        except UnreadableEntry as error:
            logger.error("left out of the catalog: %s: %s", error, error.__cause__)
            return None

    def _generations(self) -> Generations:
        roots = map(self.static.stat, (layout.ROOT_JSON, layout.ROOT_HTML, layout.HOME))
        infos = [*filter(None, roots), *self.static.list(layout.CHANGELOG)]
        return {info.name: info.generation for info in infos}


def rendered(entries: Sequence[CatalogEntry], title: str, existing: Generations) -> Iterator[Page]:
    """Yield the pages one by one, so that one is held in memory at a time.

    :param entries: by project.
    :param existing: names of pages that are there: the changelog's are all written.
    """
    projects = [entry.project for entry in entries]
    yield layout.ROOT_JSON, SIMPLE_JSON, simple_json.render_root(projects)
    yield layout.ROOT_HTML, HTML, catalog_html.render_root(projects)
    yield layout.HOME, HTML, catalog_html.render_home(entries, title)
    newest = newest_first(entries)
    pages = max(1, -(-len(newest) // ENTRIES_PER_PAGE))
    number = 1
    while number <= pages or layout.changelog(number) in existing:
        chunk = newest[(number - 1) * ENTRIES_PER_PAGE : number * ENTRIES_PER_PAGE]
        data = catalog_html.render_changelog(chunk, title, number, pages)
        yield layout.changelog(number), HTML, data
        number += 1


def newest_first(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """The entries that offer something, by their latest upload; by name where that is equal."""
    uploads = [(entry.latest_upload, entry) for entry in entries if entry.latest_upload]
    return [entry for _, entry in sorted(uploads, key=_upload_order)]


def _upload_order(upload: tuple[datetime, CatalogEntry]) -> tuple[float, str]:
    moment, entry = upload
    return -moment.timestamp(), entry.project


def entry_of(info: ObjectInfo, metadata: Bucket) -> CatalogEntry:
    """Read the custom metadata; where somebody has spoilt it, derive it from the record.

    :raises UnreadableEntry: if it is no record's object.
    """
    try:
        return CatalogEntry.read(layout.record_project(info.name), info.metadata)
    except ValueError:  # no name of a project, or metadata that does not fit
        return _derived(info.name, metadata)


def _derived(name: str, metadata: Bucket) -> CatalogEntry:
    try:
        return CatalogEntry.from_record(read_record(metadata, name))
    except (NotFound, ValidationError) as error:
        raise UnreadableEntry(name) from error
