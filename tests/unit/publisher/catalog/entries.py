"""Entries of the catalog for tests."""

from schemas.catalog import CatalogEntry, ProjectEvent
from schemas.names import ProjectName, Version
from testing.fakes.examples import make_time

HOSTILE_TEXT = "</script><img src=x onerror=alert(1)> & \u202eevil\u2066 \x1b[31m\n\u2028'\"`"
"""Text that tries to leave JSON, HTML and XML, and to change the direction of writing."""


def make_entry(project: str, **facts: object) -> CatalogEntry:
    """Make an entry; facts are fields by name, for example ``latest_version``."""
    entry = CatalogEntry.model_validate(
        {"project": project, "record-revision": 1, "display-name": project}
    )
    return entry.model_copy(update=facts)


def make_event(
    kind: str = "released", release: str | None = "1.0", at: float = 0, author: str | None = "ci"
) -> ProjectEvent:
    version = None if release is None else Version(release)
    return ProjectEvent(kind=kind, release=version, time=make_time(at), author=author)  # type: ignore[arg-type]  # kinds of a newer release too


def make_names(count: int) -> list[ProjectName]:
    """Return names in their order."""
    return [ProjectName(f"project-{number:05d}") for number in range(count)]
