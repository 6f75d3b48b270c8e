"""Constants shared by the publisher and the proxy."""

SEARCH_SCRIPT = "sha256-H0mMv+bMmfU3StUZ2GZm1YyZeSpdenBApP2G3mSMT6Y="
"""The search box of the home page: the one script of all pages, as a Content-Security-Policy
names it (https://www.w3.org/TR/CSP3/#grammardef-hash-source). The publisher writes no other, and
the proxy lets no other run."""
