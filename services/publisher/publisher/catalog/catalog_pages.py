"""Publication of the catalog: all objects that show more than one project.

1. Read the generations and sources of the catalog's objects.
2. *Then* list the records. The custom metadata of a record contains the data of the project for
   the catalog. The record is read only if this metadata is invalid.
3. Render all objects, and write each with its generation of step 1 (0 if it was absent).
   Skip an object only if it has a source, and this is the source of step 1.
4. After 412, start again: another instance wrote after step 1, perhaps from an older listing.

A skip because of equal *bytes* would be wrong. Revision 2 of a record yanks a file, revision 3
lifts the yank, revision 4 yanks it again. An instance at revision 4 would skip the object of
revision 2. An instance at revision 3, which noted the same generation, would then overwrite it.

A skip because of an equal *source* is safe. The source is the digest of everything that the object
shows: the names of projects, or projects and revisions, or nothing of the records. Projects are
only added, and revisions only increase, so a source never returns to an earlier value. An instance
that noted the same generation lists later than the writer of the object. So its source is equal
too, and it skips the object, or it lists newer records than the instance that skips. ``force``
never skips: after a deletion or restoration of records, ``rebuild`` uses it.

During an upgrade, instances of two releases write their own forms of home, search and changes. The
next run of the new release finds another source, and writes its form.

The assets come before the pages that refer to them. The name of an asset has a hash of its bytes,
so an asset is written once. The source of the home page covers the names of all assets, so a run
that finds it equal need not look for the assets. The publisher never deletes an object. If the list
of projects gets shorter, its last pages stay, without projects.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from cloud.errors import NotFound, PreconditionFailed
from cloud.ports import Bucket, Headers, ObjectInfo
from cloud.retry import Retry
from publisher.catalog.catalog_objects import CatalogContent, CatalogObject, create_home
from publisher.errors import UnreadableEntry
from publisher.site.assets import ASSETS, Asset
from publisher.site.page_content import Site
from publisher.stored_pages import read_record
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.headers import IMMUTABLE, REVALIDATE

logger = logging.getLogger(__name__)

FIXED_NAMES = (
    *(layout.ROOT_JSON, layout.ROOT_HTML, layout.HOME),
    *(web_layout.SEARCH, web_layout.RECENT, web_layout.CHANGES, web_layout.TOTALS),
    *(web_layout.FEED, web_layout.CHANGES_PAGE),
)
"""Names of the objects outside the listed prefixes."""
PREFIXES = (web_layout.SEARCH_SHARDS, web_layout.PROJECT_LIST)
"""Prefixes of the other objects."""

Existing = Mapping[str, ObjectInfo]
"""Existing objects by name."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Objects of the catalog in the static bucket."""

    static: Bucket
    metadata: Bucket
    site: Site
    retry: Retry

    def publish(self, *, force: bool = False) -> int:
        """Publish all objects; return the number of projects.

        They show at least the projects with a record at the time of the call.

        :param force: write every object, even if its source is equal.
        """
        return self.retry(lambda: self._attempt(force))

    def _attempt(self, force: bool) -> int:
        existing = list_existing(self.static)
        found = map(self._read_entry_or_log, self.metadata.list(layout.RECORDS))
        entries = sorted((entry for entry in found if entry), key=lambda entry: entry.project)
        home = create_home(self.site)
        if force or not is_current(home, existing.get(home.name)):
            self._write_assets()
        for each in CatalogContent(entries, self.site).list_objects(existing):
            known = existing.get(each.name)
            if force or not is_current(each, known):
                self._write(each, known)
        return len(entries)

    def _write(self, each: CatalogObject, known: ObjectInfo | None) -> None:
        metadata = {web_layout.CATALOG_SOURCE: each.source} if each.source else {}
        headers = Headers(each.content_type, REVALIDATE, metadata)
        generation = known.generation if known else 0
        self.static.write(each.name, each.render(), headers, if_generation=generation)

    def _write_assets(self) -> None:
        existing = {info.name for info in self.static.list(web_layout.ASSETS)}
        for asset in ASSETS.values():
            if asset.object_name not in existing:
                self._create_asset(asset)

    def _create_asset(self, asset: Asset) -> None:
        headers = Headers(asset.media_type, IMMUTABLE)
        try:
            self.static.write(asset.object_name, asset.data, headers, if_generation=0)
        except PreconditionFailed:
            logger.info("another instance has written %s", asset.object_name)

    def _read_entry_or_log(self, info: ObjectInfo) -> CatalogEntry | None:
        """Read an entry; skip an object that is not a record, and log an error."""
        try:
            return read_entry(info, self.metadata)
        except UnreadableEntry as error:
            logger.error("left out of the catalog: %s: %s", error, error.__cause__)
            return None


def list_existing(static: Bucket) -> Existing:
    """Return the existing objects of the catalog, except the assets."""
    return {info.name: info for info in _iterate_existing(static)}


def is_current(each: CatalogObject, known: ObjectInfo | None) -> bool:
    """Return whether an existing object has the source of ``each``, so that a run can skip it."""
    return (
        bool(each.source)
        and known is not None
        and known.metadata.get(web_layout.CATALOG_SOURCE) == each.source
    )


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


def _iterate_existing(static: Bucket) -> Iterator[ObjectInfo]:
    yield from filter(None, map(static.stat, FIXED_NAMES))
    for prefix in PREFIXES:
        yield from static.list(prefix)
