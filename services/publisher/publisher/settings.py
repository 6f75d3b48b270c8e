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
    """Topic for projects with durable pages."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """Minimum seconds between two catalog runs; 5 times the last run, if that is longer."""
    title: str = "Python packages"
    """Title of the home page and of the changelog."""


class RepairSettings(Settings):
    """Settings of ``python -m publisher verify`` and ``rebuild``."""

    packages_bucket: str
    """Bucket of the promoted files."""
    topic_project_indexed: str = "project-indexed"
    """Topic for records that are announced again."""
