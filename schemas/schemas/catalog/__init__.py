"""Facts of a project for the catalog."""

from schemas.catalog.catalog_entry import CatalogEntry
from schemas.catalog.recent_events import EventKind, ProjectEvent

__all__ = ["CatalogEntry", "EventKind", "ProjectEvent"]
