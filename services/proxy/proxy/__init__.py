"""Proxy: the static index and the files for holders of a token."""
