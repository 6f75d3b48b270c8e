"""The publisher's settings; a field's name in upper case is its environment variable."""

from typing import Annotated

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What the publisher needs to know."""

    metadata_bucket: str
    """The bucket of the records."""
    static_bucket: str
    """The bucket of the pages."""
    topic_project_published: str = "project-published"
    """The topic to say on that a project's pages are durable."""
    catalog_interval: Annotated[float, Field(ge=0, le=200)] = 10
    """The least seconds between two runs of the catalog; 5 times the last run, if that is more."""
    title: str = "Python packages"
    """What the home page and the changelog call themselves."""


class RepairSettings(Settings):
    """What ``python -m publisher verify`` and ``rebuild`` need to know beside that."""

    packages_bucket: str
    """The bucket of the promoted files."""
    topic_project_indexed: str = "project-indexed"
    """The topic on which records are announced again."""
