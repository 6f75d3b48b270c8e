"""Rendering of pages: HTML by dumb-pypi, JSON of the simple API and of PyPI's legacy API."""
