"""Partial responses: ``fields=items(name,generation),nextPageToken``.

https://cloud.google.com/storage/docs/json_api#partial-response
"""

import re
from functools import lru_cache
from typing import TypeAlias

from local.stand_ins.storage import errors

Mask: TypeAlias = dict[str, "Mask"]
"""Masks of values by name; an empty mask selects the whole value; ``*`` matches every name."""

_TOKEN = re.compile(r"[^(),/]+|[(),/]")


@lru_cache(maxsize=64)
def parse(text: str) -> Mask:
    """Parse the parameter ``fields``.

    :raises StorageError: 400, if a parenthesis or a name is missing.
    """
    tokens = _TOKEN.findall(text)
    mask = _parse_list(tokens)
    if tokens:
        raise errors.invalid(f"Invalid field selection {text}", "fields")
    return mask


def _parse_list(tokens: list[str]) -> Mask:
    mask: Mask = {}
    while True:
        mask = _merge(mask, _parse_path(tokens))
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _merge(mask: Mask, other: Mask) -> Mask:
    """Return the union of two masks: ``items/name,items/size`` selects both fields."""
    common = {
        name: _merge(mask[name], other[name]) if mask[name] and other[name] else {}
        for name in mask.keys() & other.keys()
    }
    return {**mask, **other, **common}


def _parse_path(tokens: list[str]) -> Mask:
    name = tokens.pop(0) if tokens else ""
    if name in ("", "(", ")", ",", "/"):
        raise errors.invalid(f"Invalid field selection {name}", "fields")
    if tokens and tokens[0] == "/":
        tokens.pop(0)
        return {name: _parse_path(tokens)}
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        inner = _parse_list(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise errors.invalid("Invalid field selection: ) is missing", "fields")
        return {name: inner}
    return {name: {}}


def select(value: object, mask: Mask) -> object:
    """Return the parts of ``value`` in ``mask``; apply the mask to each item of a list."""
    if not mask:
        return value
    if isinstance(value, list):
        return [select(item, mask) for item in value]
    if not isinstance(value, dict):
        return value
    if "*" in mask:
        return {key: select(item, mask["*"]) for key, item in value.items()}
    return {key: select(value[key], inner) for key, inner in mask.items() if key in value}
