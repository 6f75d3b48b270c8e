"""Catalog: the pages that list all projects, search, changes and feed."""
