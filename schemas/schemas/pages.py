"""Constants shared by the publisher and the proxy."""

SEARCH_SCRIPT = "sha256-H0mMv+bMmfU3StUZ2GZm1YyZeSpdenBApP2G3mSMT6Y="
"""Hash source of the search script of the home page, the only script of all pages.

The publisher writes no other script. The proxy's Content-Security-Policy allows no other.
https://www.w3.org/TR/CSP3/#grammardef-hash-source
"""
