"""Settings of the publisher; each field is read from the environment variable of its name."""

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the service."""

    metadata_bucket: str
    """Bucket of the records."""
    static_bucket: str
    """Bucket of the pages."""
    topic_project_published: str = "project-published"
    """Topic that announces projects with durable pages."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """Minimum seconds between two runs of the catalog; 5 times the last run, if that is longer."""
    title: str = "Python packages"
    """Title of the home page and the changelog."""


class RepairSettings(Settings):
    """Settings of ``python -m publisher verify`` and ``rebuild``."""

    packages_bucket: str
    """Bucket of the promoted files."""
    topic_project_indexed: str = "project-indexed"
    """Topic on which ``rebuild`` announces records again."""
