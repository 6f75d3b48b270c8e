"""Atom feeds (RFC 4287), from values that uploaders and operators write."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from publisher.render.listing import make_printable
from schemas.types import format_time

MAX_ENTRIES = 50
"""Number of the newest entries in the feed of a project."""
NAMESPACE = "http://www.w3.org/2005/Atom"
"""Namespace of Atom: https://www.rfc-editor.org/rfc/rfc4287#section-2"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Entry of a feed: one event."""

    key: Sequence[str]
    """Parts that identify the event in the index; equal keys give equal ids."""
    title: str
    time: datetime
    link: str
    """Absolute URL, or one relative to the feed."""
    author: str | None
    """Author; None: that of the feed."""
    summary: str = ""


def render_feed(
    title: str,
    key: Sequence[str],
    link: str,
    entries: Iterable[FeedEntry],
    *,
    self_link: str = "",
    author: str = "",
) -> bytes:
    """Render a feed; equal values give equal bytes.

    :param key: parts that identify the feed in the index.
    :param link: page that the feed belongs to; absolute, or relative to the feed.
    :param entries: the newest one first.
    :param self_link: address of the feed, as ``link``; empty: it is not in the feed.
    :param author: author of entries without one; empty: every entry has one.
    """
    shown = list(entries)
    feed = ElementTree.Element("feed", {"xmlns": NAMESPACE})
    _add(feed, "title", title)
    _add(feed, "id", _make_id(key))
    _add(feed, "updated", format_time(shown[0].time if shown else _EPOCH))
    if author:
        _add_author(feed, author)
    if self_link:
        ElementTree.SubElement(feed, "link", {"rel": "self", "href": self_link})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "href": link})
    _add(feed, "generator", "gcpypi")
    for entry in shown:
        _add_entry(feed, entry)
    text: str = ElementTree.tostring(feed, "unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _add_entry(feed: ElementTree.Element, entry: FeedEntry) -> None:
    element = ElementTree.SubElement(feed, "entry")
    _add(element, "title", entry.title)
    _add(element, "id", _make_id(entry.key))
    _add(element, "updated", format_time(entry.time))
    ElementTree.SubElement(element, "link", {"rel": "alternate", "href": entry.link})
    if entry.author is not None:
        _add_author(element, entry.author)
    if entry.summary:
        _add(element, "summary", entry.summary)


def _add_author(parent: ElementTree.Element, name: str) -> None:
    _add(ElementTree.SubElement(parent, "author"), "name", name)


def _add(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = make_printable(text)


def _make_id(key: Sequence[str]) -> str:
    """Return a permanent id (RFC 4287, section 4.2.6), the same under every host name."""
    return uuid5(NAMESPACE_URL, "\n".join(("gcpypi", *key))).urn
