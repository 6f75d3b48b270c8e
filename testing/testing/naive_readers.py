"""Readers of index pages that search strings, as some clients do instead of parsing HTML.

``read_by_search`` follows the steps of Bazel's rules_python: search for ``"<a "``, for ``</a>``,
and back for ``>``; split the attributes at quotation marks; decode five character references.
``read_by_split`` follows the steps of its releases before 2026, which split the page at
``<a href="`` and also resolve ``..`` by text. The other readers use one regular expression.
"""

import re
from dataclasses import dataclass
from html import unescape

_ANCHOR = re.compile(r'<a href="([^"]*)"([^>]*)>([^<]*)</a>')
_LINE = re.compile(r'^\s*<a href="(.+?)#(\w+)=(\w+)"(.*)>(.+)</a>')
_REFERENCES = (("&gt;", ">"), ("&lt;", "<"), ("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class NaiveFile:
    """File as a reader without an HTML parser sees it."""

    filename: str
    url: str
    """Value of ``href`` without its fragment."""
    sha256: str
    metadata_sha256: str
    """Digest of the core metadata; empty without one."""
    yanked: str | None
    """Reason of the yank, empty without a reason; None if the file is not yanked."""


def read_by_search(html: str) -> list[NaiveFile]:
    """Search for each anchor and its parts, as Bazel's rules_python does."""
    files, cursor = [], 0
    while (start := html.find("<a ", cursor)) >= 0 and (end := html.find("</a>", start)) >= 0:
        close = html.rindex(">", start, end)
        given = _split_attributes(html[start + 3 : close])
        files.append(_make_file(html[close + 1 : end].strip(), given["href"], given))
        cursor = end + 4
    return files


def read_by_split(html: str) -> list[NaiveFile]:
    """Split the page at its anchors, and the rest at quotation marks."""
    files = []
    for part in html.split('<a href="')[1:]:
        href, _, rest = part.partition('"')
        attributes, _, text = rest[: rest.index("</a>")].rpartition(">")
        reason = attributes.partition('data-yanked="')[2].partition('"')[0]
        given = {"data-yanked": reason} if "data-yanked" in part else {}
        _, marker, digest = attributes.partition('data-core-metadata="')
        if marker:
            given["data-core-metadata"] = digest.partition('"')[0]
        files.append(_make_file(text, href, given))
    return files


def read_by_expression(html: str) -> list[NaiveFile]:
    """Find the anchors by a regular expression over the whole page."""
    return [
        _make_file(text, href, _split_attributes(rest))
        for href, rest, text in _ANCHOR.findall(html)
    ]


def read_by_line(html: str) -> list[NaiveFile]:
    """Read each line that begins with an anchor."""
    found = filter(None, map(_LINE.match, html.splitlines()))
    return [_make_file(m[5], f"{m[1]}#{m[2]}={m[3]}", _split_attributes(m[4])) for m in found]


def resolve_by_text(page_url: str, url: str) -> str:
    """Resolve a URL that begins with ``..`` without a URL parser, as rules_python does."""
    *ups, last = url.split("..")
    for _ in ups:
        page_url = page_url.rstrip("/").rpartition("/")[0]
    return f"{page_url}/{last.strip('/')}"


def _make_file(text: str, href: str, given: dict[str, str]) -> NaiveFile:
    url, _, digest = href.partition("#sha256=")
    yanked = given.get("data-yanked")
    for reference, character in _REFERENCES if yanked else ():
        yanked = (yanked or "").replace(reference, character)
    metadata = given.get("data-core-metadata", "").partition("sha256=")[2]
    return NaiveFile(unescape(text), url, digest, metadata, yanked)


def _split_attributes(text: str) -> dict[str, str]:
    parts = text.split('"')
    names = (part.strip().rstrip("=") for part in parts[0:-1:2])
    return dict(zip(names, parts[1::2], strict=False))
