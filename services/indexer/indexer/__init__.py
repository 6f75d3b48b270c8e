"""Indexer: merges accepted files and commands into the project records."""
