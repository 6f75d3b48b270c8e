"""Publisher: renders project records as a static package index."""
