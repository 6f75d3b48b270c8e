"""One page of a listing, by bisection: the cost depends on the page, not on the bucket.

https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

import base64
import binascii
import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from local.stand_ins.storage import errors
from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.objects import Version

MAX_RESULTS = 1000


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Parameters of a listing; items and prefixes together fill a page."""

    prefix: str = ""
    delimiter: str = ""
    start_offset: str = ""
    end_offset: str = ""
    versions: bool = False
    max_results: int = MAX_RESULTS
    page_token: str = ""


@dataclass(slots=True)
class Page:
    """Items, prefixes and the token of the next page; it is empty on the last page."""

    items: list[Version] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_page_token: str = ""


def list_page(bucket: BucketState, query: ListQuery) -> Page:
    """Return the first page, or the page of ``query.page_token``."""
    found = Page()
    start, skip = _parse_token(query.page_token)
    limit = min(query.max_results, MAX_RESULTS)
    position = bisect_left(bucket.names, max(query.prefix, query.start_offset, start))
    for entry in _iterate_entries(bucket, query, position, skip):
        if len(found.items) + len(found.prefixes) == limit:
            found.next_page_token = _make_token(entry.name, entry.nth)
            break
        if entry.version is None:
            found.prefixes.append(entry.group)
        else:
            found.items.append(entry.version)
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    nth: int = 0
    """The index of ``version`` among the versions of ``name``."""
    version: Version | None = None
    group: str = ""


def _iterate_entries(
    bucket: BucketState, query: ListQuery, position: int, skip: int
) -> Iterator[_Entry]:
    names = bucket.names
    while position < len(names):
        name = names[position]
        if not name.startswith(query.prefix) or (query.end_offset and name >= query.end_offset):
            return
        if not query.versions and name not in bucket.live:
            position += 1
        elif group := _find_group(name, query):
            yield _Entry(name, group=group)
            position = bisect_left(names, _find_successor(group), position)
        else:
            versions = bucket.versions(name) if query.versions else (bucket.live[name],)
            for nth in range(skip, len(versions)):
                yield _Entry(name, nth, versions[nth])
            position += 1
        skip = 0


def _find_group(name: str, query: ListQuery) -> str:
    """Return the common prefix that replaces ``name`` in the listing, up to the delimiter."""
    if not query.delimiter:
        return ""
    end = name.find(query.delimiter, len(query.prefix))
    return name[: end + len(query.delimiter)] if end >= 0 else ""


def _find_successor(prefix: str) -> str:
    """Return the smallest string above all strings that start with ``prefix``."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _make_token(name: str, nth: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, nth]).encode()).decode()


def _parse_token(token: str) -> tuple[str, int]:
    if not token:
        return "", 0
    try:
        name, nth = json.loads(base64.urlsafe_b64decode(token))
        return str(name), int(nth)
    except (binascii.Error, ValueError, TypeError):
        raise errors.invalid("Invalid value for pageToken", "pageToken") from None
