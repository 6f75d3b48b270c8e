"""Code shared by the ZIP and tar readers."""
