"""Values of header fields of stored objects, and of the responses that serve them."""

BINARY = "application/octet-stream"
"""Media type of a distribution file and of its ``.metadata``."""
JSON = "application/json"
"""Media type of records, verdicts, ``blocked.json`` and pages of the older JSON API."""
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
"""Media type of a page of the simple API in JSON (PEP 691).

It has no parameters, because some clients reject them.
"""
HTML = "text/html; charset=utf-8"
"""Media type of a page of the simple API in HTML and of a page for people."""

IMMUTABLE = "private, max-age=31536000, immutable"
"""Cache-Control of a file and its ``.metadata``: a file name always means the same bytes."""
REVALIDATE = "private, no-cache"
"""Cache-Control of a page: clients revalidate at each use, so a publish is visible at once."""
NO_STORE = "no-store"
"""Cache-Control of a record and a verdict: for services and operators, never for installers."""

SEARCH_SCRIPT = "sha256-H0mMv+bMmfU3StUZ2GZm1YyZeSpdenBApP2G3mSMT6Y="
"""Hash source of the search script of the home page, the only script of all pages.

The publisher writes no other script. The proxy's Content-Security-Policy allows no other.
https://www.w3.org/TR/CSP3/#grammardef-hash-source
"""
