"""Constants shared by the publisher and the proxy."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%230b57a4' d='M8 0l7 4v8l-7 4-7-4V4z'/%3E"
    "%3Cpath fill='none' stroke='%23fff' d='M1 4l7 4 7-4M8 8v8'/%3E%3C/svg%3E"
)
"""Icon of the pages for people: a parcel, as a URL. A browser then asks for no ``/favicon.ico``.

Pages for installers have no icon, because some readers take each ``href=`` for a file.
"""

SEARCH_SCRIPT = "sha256-H0mMv+bMmfU3StUZ2GZm1YyZeSpdenBApP2G3mSMT6Y="
"""Hash source of the search script of the home page, the only script of all pages.

The publisher writes no other script. The proxy's Content-Security-Policy allows no other.
https://www.w3.org/TR/CSP3/#grammardef-hash-source
"""
