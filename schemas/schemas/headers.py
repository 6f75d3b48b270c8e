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
ATOM = "application/atom+xml; charset=utf-8"
"""Media type of a feed (RFC 4287)."""

IMMUTABLE = "private, max-age=31536000, immutable"
"""Cache-Control of a file and its ``.metadata``: a file name always means the same bytes."""
REVALIDATE = "private, no-cache"
"""Cache-Control of a page: clients revalidate at each use, so a publish is visible at once."""
NO_STORE = "no-store"
"""Cache-Control of a record and a verdict: for services and operators, never for installers."""
