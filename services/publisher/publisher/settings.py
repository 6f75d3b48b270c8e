"""Settings of the publisher; a field's name in upper case is its environment variable."""

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the publisher."""

    metadata_bucket: str
    """Bucket of the project records."""
    static_bucket: str
    """Bucket of the pages."""
    topic_project_published: str = "project-published"
    """Topic for projects whose pages are stored."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """Minimum pause between catalog runs, in seconds; after a long run, 5 times its duration."""
    title: str = "Python packages"
    """Title of the home page and of the changelog."""


class RepairSettings(Settings):
    """Settings of ``python -m publisher verify`` and ``rebuild``."""

    packages_bucket: str
    """Bucket of the promoted files."""
    topic_project_indexed: str = "project-indexed"
    """Topic on which ``rebuild`` announces records again."""
