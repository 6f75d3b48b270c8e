"""Anchors for readers without an HTML parser: each is alone on its line.

Bazel's rules_python and other readers search for ``"<a "``, ``href="`` and ``</a>``. HTML allows
other forms, but all other indexes write this one::

    <a href="…" data-requires-python="…" data-core-metadata="…" data-yanked="…">file name</a>

On a project's page, dumb-pypi writes each attribute of an anchor on its own line.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import zip_longest

from publisher.errors import UnexpectedHtml
from publisher.render.markup import Link

_ANCHOR = re.compile(r"<a\s.*?</a>", re.DOTALL)
_LINE = re.compile(r"^ *(<a .*</a>)$", re.MULTILINE)

_INDENT = "\n" + 24 * " "
_LINE_BREAKS = (
    (f'<a{_INDENT}href="', '<a href="'),
    (f'"{_INDENT}    data-', '" data-'),
    (f'"\n{20 * " "}>', '">'),
)
"""Line breaks in an anchor of dumb-pypi's project page, and their replacements."""

_QUOTES = (("&#34;", "&quot;"), ("&#39;", "&#x27;"))
"""Character references of jinja2 and of :func:`html.escape`. Some readers do not know ``&#34;``."""


def join_anchor_lines(html: str) -> str:
    """Return a project's page of dumb-pypi with each anchor on one line."""
    for old, new in (*_LINE_BREAKS, *_QUOTES):
        html = html.replace(old, new)
    return html


def verify_anchor_lines(page: str, html: str, links: Sequence[Link]) -> None:
    """Check that the anchors of ``html`` are those of ``links``, in order, each alone on its line.

    :raises UnexpectedHtml: if an anchor has another form.
    """
    lines, expected = _LINE.findall(html), [format_anchor(link) for link in links]
    if lines != expected or len(_ANCHOR.findall(html)) != len(expected):
        pairs = zip_longest(lines, expected)
        missing = next((other for line, other in pairs if line != other), "a further anchor")
        raise UnexpectedHtml(page, f"not alone on its line: {missing}")


def format_anchor(link: Link) -> str:
    """Return the anchor of a link, with its attributes in the given order."""
    text, given = link
    attributes = "".join(f' {name}="{escape(value or "")}"' for name, value in given.items())
    return f"<a{attributes}>{escape(text)}</a>"
