"""What the services say and store: events, records, the push envelope, names, object layout."""

__version__ = "0.2.0"
"""Version of gcpypi: of all its distributions, its images and its changelog."""
