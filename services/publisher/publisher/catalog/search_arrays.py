"""Arrays of the search: one item for each project.

====================== ======================================================================
key                    value
====================== ======================================================================
``project``            normalised name
``name``               spelling of the latest file, with ``-`` for ``_``; absent if it is
                       the normalised name
``version``            latest release; absent without one
``summary``            summary of the latest release
``keywords``           keywords of the latest release
``requires``           normalised names of the projects that the latest release requires, of
                       this index or not
``released``           upload time of the newest offered file, RFC 3339
``files``              number of offered files
``status``             status of the project (PEP 792); absent if it is active
====================== ======================================================================

Empty values are absent. ``requires`` also has names that are in no other item. Otherwise it would
tell a token with a scope which names exist.

An index of any size has the shards, in addition to ``search.json``. So the content of a shard
depends only on its own projects, and a shard never shows removed projects of another form.
"""

from collections.abc import Sequence

from publisher.catalog.change_arrays import format_seconds, get_other_name
from publisher.catalog.json_arrays import Item, encode_array, encode_item, join_items
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName

MAX_WHOLE_SIZE = 1_000_000
"""Maximum size of ``search.json`` in bytes. A larger index has an empty array and shards."""

KEY_LENGTH = 2
"""Number of characters of a name that select its shard; a name of one character is its own key."""


def find_shard_key(project: ProjectName) -> str:
    """Return the key of the shard of a project."""
    return project[:KEY_LENGTH]


def render_items(entries: Sequence[CatalogEntry]) -> bytes:
    """Render the array of some projects."""
    return encode_array(map(_make_item, entries))


def render_whole(entries: Sequence[CatalogEntry]) -> bytes:
    """Render the array of all projects; an empty one if it exceeds :data:`MAX_WHOLE_SIZE`.

    An empty array tells the scripts to load the shards. The pages do not depend on it.
    """
    items, size = list[str](), len(join_items(()))
    for entry in entries:
        items.append(encode_item(_make_item(entry)))
        size += len(items[-1].encode()) + 2  # comma and line break
        if size > MAX_WHOLE_SIZE:
            return join_items(())
    return join_items(items)


def _make_item(entry: CatalogEntry) -> Item:
    return {
        "project": entry.project,
        "name": get_other_name(entry),
        "version": entry.latest_version or "",
        "summary": entry.summary,
        "keywords": entry.keywords,
        "requires": entry.requires,
        "released": format_seconds(entry.latest_upload) if entry.latest_upload else "",
        "files": entry.file_count,
        "status": "" if entry.status == "active" else entry.status,
    }
