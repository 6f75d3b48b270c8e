"""Adaptation of dumb-pypi's HTML to the simple API, and verification of the result.

A replacement requires an exact number of occurrences. Then :func:`verify_links` parses the whole
page and compares each link with the expected one. So a change of dumb-pypi causes an error, and
not a wrong page.
"""

from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser

from publisher.errors import UnexpectedHtml

Attributes = dict[str, str | None]
Link = tuple[str, Attributes]
"""Text of an anchor, with collapsed white space, and its attributes."""

_HEAD = "<!doctype html>\n<html>\n    <head>\n"

_META = {"pypi:repository-version": "1.4"}
"""Last API version for HTML (PEP 833); without this tag, clients assume 1.0 (PEP 629)."""

_TAGS = frozenset(
    {"html", "head", "title", "meta", "style", "body", "div", "h1", "h2", "p"}
    | {"strong", "code", "ul", "li", "a"}
)
"""HTML elements in the output of dumb-pypi and of the adaptation."""


def replace_exactly(page: str, html: str, old: str, new: str, times: int = 1) -> str:
    """Return ``html`` with ``old`` replaced by ``new``.

    :raises UnexpectedHtml: if the number of occurrences of ``old`` is not ``times``.
    """
    if (found := html.count(old)) != times:
        raise UnexpectedHtml(page, f"{old!r} occurs {found} times, not {times}")
    return html.replace(old, new)


def add_head(page: str, html: str, meta: dict[str, str], style: str) -> str:
    """Add ``meta`` tags for installers and browsers, and a style sheet, to the head of ``html``."""
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
    return replace_exactly(page, html, _HEAD, head)


def verify_links(page: str, html: str, links: Iterable[Link]) -> bytes:
    """Check that the links of ``html`` are exactly ``links``, in order; return it in UTF-8.

    :raises UnexpectedHtml: if a link differs, or the page has an unknown element, such as a script.
    """
    parser = _LinkParser()
    parser.feed(html)
    parser.close()
    if parser.unknown:
        raise UnexpectedHtml(page, f"unknown parts {sorted(parser.unknown)}")
    expected = list(links)
    if parser.links != expected:
        raise UnexpectedHtml(page, _describe_difference(parser.links, expected))
    return html.encode()


def _describe_difference(found: list[Link], expected: list[Link]) -> str:
    for position, (one, other) in enumerate(zip(found, expected, strict=False)):
        if one != other:
            return f"link {position} is {one}, not {other}"
    return f"{len(found)} links, not {len(expected)}"


class _LinkParser(HTMLParser):
    """Parser that collects the links of a page, and its unknown parts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self.unknown: set[str] = set()
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a link; record an unexpected element as an unknown part."""
        if tag not in _TAGS:
            self.unknown.add(f"<{tag}>")
        if tag == "a":
            if self._text is not None or len(dict(attrs)) != len(attrs):
                self.unknown.add("<a> inside <a>, or <a> with a repeated attribute")
            self.links.append(("", dict(attrs)))
            self._text = []

    def handle_data(self, data: str) -> None:
        """Collect the text of a link."""
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End a link."""
        if tag == "a" and self._text is not None:
            text = " ".join("".join(self._text).split())
            self.links[-1] = (text, self.links[-1][1])
            self._text = None

    def handle_comment(self, data: str) -> None:
        """Record a comment as an unknown part."""
        self.unknown.add("comment")

    def unknown_decl(self, data: str) -> None:
        """Record a declaration other than the document type as an unknown part."""
        self.unknown.add("declaration")
