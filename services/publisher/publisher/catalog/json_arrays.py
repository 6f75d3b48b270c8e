"""JSON arrays of the catalog; each item has the key ``project``.

The proxy removes the items of other projects for tokens with a scope. All text is hostile: it is on
one line without control and bidirectional characters, and no character begins a tag in HTML.
"""

import json
from collections.abc import Iterable, Mapping

from publisher.render.listing import make_printable
from schemas.types import escape_json

Item = Mapping[str, object]
"""Item of an array: strings, numbers, and sequences of strings."""


def encode_item(item: Item) -> str:
    """Encode an item; equal items give equal text. Empty values are left out."""
    present = {key: _make_harmless(value) for key, value in item.items() if value not in ("", ())}
    text = json.dumps(present, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return escape_json(text)


def encode_array(items: Iterable[Item]) -> bytes:
    """Encode an array in UTF-8, with one item a line."""
    return join_items(map(encode_item, items))


def join_items(items: Iterable[str]) -> bytes:
    """Return the array of encoded items in UTF-8, with one item a line."""
    return ("[" + ",\n".join(items) + "]\n").encode()


def _make_harmless(value: object) -> object:
    if isinstance(value, str):
        return make_printable(value)
    if isinstance(value, tuple):
        return [make_printable(each) if isinstance(each, str) else each for each in value]
    return value
