"""Join of the fields that this program does not know, in two versions of a document."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue, TypeAdapter

from schemas.types import UtcTime

NEVER = datetime.max.replace(tzinfo=UTC)
"""End of an entry without an expiry."""

_TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)


def join_values(known: JsonValue, value: JsonValue) -> JsonValue:
    """Return the union of two lists of entries; otherwise ``value``, the newer one.

    Entries that differ only in ``expires`` are one entry, with the earlier expiry. The join of
    lists is commutative and idempotent.
    """
    if not isinstance(known, list) or not isinstance(value, list):
        return value
    entries: dict[str, JsonValue] = {}
    for entry in (*known, *value):
        facts = {**entry, "expires": None} if isinstance(entry, Mapping) else entry
        key = json.dumps(facts, sort_keys=True)
        entries[key] = min(entries.get(key, entry), entry, key=_rank)
    return list(entries.values())


def _rank(entry: JsonValue) -> tuple[datetime, str]:
    """Return a key for which the entry with the earlier expiry is first."""
    expires = entry.get("expires") if isinstance(entry, Mapping) else None
    try:
        end = NEVER if expires is None else _TIME.validate_python(expires)
    except ValueError:  # a form of a time that this program does not know
        end = NEVER
    return end, json.dumps(entry)
