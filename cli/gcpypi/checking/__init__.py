"""Checks of local files."""
