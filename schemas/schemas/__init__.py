"""Data shared by the services: events, records, the push envelope, names and object names."""

__version__ = "0.2.0"
"""Version of gcpypi: of all its distributions, its images and its changelog."""
