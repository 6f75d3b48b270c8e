"""Publication of local files: check, upload, and the wait for the index."""
