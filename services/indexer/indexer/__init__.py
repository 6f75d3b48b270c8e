"""Indexer: merges accepted files and commands of operators into the project records."""
