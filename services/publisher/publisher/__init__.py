"""Renders the projects' records as a static package index."""
