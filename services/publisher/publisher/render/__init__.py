"""Pages as bytes: HTML by dumb-pypi, JSON of the simple API and of PyPI."""
