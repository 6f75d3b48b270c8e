"""Rendering of pages: HTML with dumb-pypi, JSON for the simple API and PyPI's legacy API."""
