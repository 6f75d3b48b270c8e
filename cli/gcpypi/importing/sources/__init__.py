"""Sources of an import."""
