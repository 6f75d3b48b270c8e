"""Proxy: serves the static index and the files to holders of a token."""
