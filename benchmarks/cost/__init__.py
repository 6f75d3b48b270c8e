"""Monthly costs of the index."""
