"""Validators and ranges (RFC 9110 §8.8.3, §13.1, §14) as pure functions of header fields."""

import re
from dataclasses import dataclass

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a representation, from ``start`` to ``stop`` (exclusive)."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """Range beyond the end of the representation (416)."""


def matches_etag(if_none_match: str, etag: str) -> bool:
    """Return whether ``If-None-Match`` names the entity tag, by the weak comparison."""
    if if_none_match == etag:  # nearly every client
        return True
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def parse_range(range_field: str) -> tuple[int, int | None]:
    """Return the bounds of the requested part as in a slice, without knowing the size."""
    match = _RANGE.fullmatch(range_field)
    first, last = match.groups() if match else ("", "")
    if first and last:
        return int(first), int(last) + 1
    return int(first or 0) or -int(last or 0), None


def select_part(size: int, etag: str, range_field: str, if_range: str) -> Part | None:
    """Return the requested part, or None for the whole representation.

    Several ranges, another unit or another validator than ``etag`` select the whole
    representation (RFC 9110 §14.2).

    :param if_range: the ``If-Range`` field, compared strongly; empty if there is none. Responses
        have no ``Last-Modified``, so a date never matches.
    :raises Unsatisfiable: if the part starts after the end.
    """
    match = _RANGE.fullmatch(range_field)
    if match is None or if_range.strip() not in ("", etag):
        return None
    first, last = match.groups()
    if first:
        return _select_from(int(first), int(last) if last else None, size)
    return _select_suffix(int(last), size) if last else None


def _select_from(first: int, last: int | None, size: int) -> Part | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return Part(first, size if last is None else min(last + 1, size))


def _select_suffix(length: int, size: int) -> Part:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return Part(max(size - length, 0), size)
