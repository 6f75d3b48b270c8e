"""Other package indexes: installation, start, content and requests."""
