"""Bringing dumb-pypi's HTML to the standard, and reading it back to see that it is.

Text is exchanged only where it occurs exactly as often as it must; then the whole page is parsed,
and each of its links compared with what was meant. A dumb-pypi that writes otherwise is noticed
before its page is published.
"""

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from html.parser import HTMLParser

from publisher.errors import UnexpectedHtml
from schemas.pages import SEARCH_SCRIPT

Attributes = dict[str, str | None]
Link = tuple[str, Attributes]
"""An anchor's text, its white space collapsed, and its attributes."""

_HEAD = "<!doctype html>\n<html>\n    <head>\n"

_META = {"pypi:repository-version": "1.4"}
"""HTML stays at 1.4 for ever (PEP 833); absent would mean 1.0 (PEP 629)."""

_TAGS = frozenset(
    {"html", "head", "title", "meta", "style", "script", "body", "div", "h1", "h2", "p", "strong"}
    | {"code", "input", "ul", "li", "a", "table", "tr", "th", "td"}
)
"""The elements that dumb-pypi and the adaptation write."""

_SCRIPTS = frozenset({f"script {SEARCH_SCRIPT}"})
"""The scripts that the proxy lets run."""


def exchanged(page: str, html: str, old: str, new: str, times: int = 1) -> str:
    """``html`` with ``new`` for ``old``.

    :raises UnexpectedHtml: if ``old`` does not occur exactly ``times``.
    """
    if (found := html.count(old)) != times:
        raise UnexpectedHtml(page, f"{old!r} occurs {found} times, not {times}")
    return html.replace(old, new)


def with_head(page: str, html: str, meta: dict[str, str], style: str) -> str:
    """``html`` with the declarations of the simple API, and what browsers need, in its head."""
    declared = "".join(
        f'        <meta name="{name}" content="{escape(content)}">\n'
        for name, content in (_META | meta).items()
    )
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n    <head>\n'
        '        <meta charset="utf-8">\n'
        '        <meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{declared}        <style>{style}</style>\n"
    )
    return exchanged(page, html, _HEAD, head)


def checked(page: str, html: str, links: Iterable[Link]) -> bytes:
    """``html`` in UTF-8, if its links are exactly ``links``, in that order.

    :raises UnexpectedHtml: if they are not, or if there are elements or scripts nobody knows.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.unknown |= {f"script {name}" for name in map(_hashed, reader.scripts)} - _SCRIPTS
    if reader.unknown:
        raise UnexpectedHtml(page, f"unknown parts {sorted(reader.unknown)}")
    expected = list(links)
    if reader.links != expected:
        raise UnexpectedHtml(page, _difference(reader.links, expected))
    return html.encode()


def _hashed(script: str) -> str:
    """A script as a Content-Security-Policy names it."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def _difference(found: list[Link], expected: list[Link]) -> str:
    for position, (one, other) in enumerate(zip(found, expected, strict=False)):
        if one != other:
            return f"link {position} is {one}, not {other}"
    return f"{len(found)} links, not {len(expected)}"


class _Reader(HTMLParser):
    """Collects the links of a page, and what no page of ours should hold."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self.unknown: set[str] = set()
        self.scripts: list[str] = []
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a link; an attribute that comes twice counts as unknown."""
        if tag not in _TAGS:
            self.unknown.add(f"<{tag}>")
        if tag == "a":
            if self._text is not None or len(dict(attrs)) != len(attrs):
                self.unknown.add("<a> within <a>, or with an attribute twice")
            self.links.append(("", dict(attrs)))
            self._text = []
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        """Collect a link's or a script's text."""
        if self.cdata_elem == "script":
            self.scripts[-1] += data
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End a link."""
        if tag == "a" and self._text is not None:
            text = " ".join("".join(self._text).split())
            self.links[-1] = (text, self.links[-1][1])
            self._text = None

    def handle_comment(self, data: str) -> None:
        """Take note of a comment."""
        self.unknown.add("comment")

    def unknown_decl(self, data: str) -> None:
        """Take note of a declaration other than the document type."""
        self.unknown.add("declaration")
