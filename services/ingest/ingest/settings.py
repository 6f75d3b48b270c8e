"""Ingest's settings, each an environment variable of the same name in upper case."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from chassis.settings import Duration, ServiceSettings
from checks.policy import Policy


class Settings(ServiceSettings):
    """What ingest needs to know."""

    incoming_bucket: str
    """The bucket CI uploads to."""
    packages_bucket: str
    """The bucket of the promoted files."""
    verdicts_bucket: str
    """The bucket of the verdicts."""
    metadata_bucket: str
    """The bucket of the projects' records, which say whether a project is closed."""
    topic_file_accepted: str = "file-accepted"
    """The topic on which a promoted file is announced."""
    topic_file_refused: str = "file-refused"
    """The topic on which a refused file is announced."""
    publishers: Mapping[str, tuple[str, ...]] | None = None
    """Publisher → globs of its projects, as JSON; `{}`: no publisher may; unset: all may."""
    allowed_projects: tuple[str, ...] = Policy.allowed_projects
    """Globs of the projects that are taken at all, as JSON."""
    max_file_size: Annotated[int, Field(gt=0)] = Policy.max_file_size
    """The largest file, in bytes."""
    max_members: Annotated[int, Field(gt=0)] = Policy.max_members
    """The most members of an archive."""
    max_unpacked_size: Annotated[int, Field(gt=0)] = Policy.max_unpacked_size
    """The most bytes an archive may unpack to."""
    allow_direct_urls: bool = Policy.allow_direct_urls
    """Whether a ``Requires-Dist`` may name a URL."""
    strict: bool = Policy.strict
    """Whether warnings are refusals."""
    strict_platform_tags: bool = Policy.strict_platform_tags
    """Whether platform tags no installer takes from an index are refused."""
    block_stdlib_names: bool = Policy.block_stdlib_names
    """Whether projects may not be called like modules of the standard library."""
    release_closes_after: Annotated[Duration, Field(gt=timedelta(0))] | None = None
    """How long after its first file a release takes new ones, in seconds or as ``P14D``."""

    def policy(self) -> Policy:
        """The limits and switches that the checks depend on."""
        names = Policy.__dataclass_fields__
        return Policy(**{name: getattr(self, name) for name in names})
