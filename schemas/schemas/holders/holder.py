"""Model of a holder: name, scopes, projects and lifetime of an entry in a secret."""

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, PlainSerializer

from schemas.holders.unknown_fields import NEVER
from schemas.names import ProjectName
from schemas.types import Model, UtcTime, format_time

READ = "read"
PUBLISH = "publish"
EVERYTHING = "*"


def normalize_glob(glob: str) -> str:
    """Normalise a glob over project names: lower case, and ``-`` as the only separator."""
    return re.sub(r"[-_.]+", "-", glob).lower()


ProjectGlob = Annotated[str, AfterValidator(normalize_glob)]
"""Shell pattern over normalised project names: ``acme-*``."""


EntryTime = Annotated[
    UtcTime,
    PlainSerializer(
        lambda time: format_time(time).replace(".000000Z", "Z"),
        return_type=str,
        when_used="json-unless-none",
    ),
]
"""Time in UTC; RFC 3339 with ``Z`` in JSON, without a fraction of zero."""


class Holder(Model):
    """Base of the entries of a secret: name, scope and lifetime. Unknown fields are kept."""

    model_config = ConfigDict(extra="allow")

    name: str
    """Name of the holder, as in the access log. Several entries can have the same name."""
    scopes: tuple[str, ...] = (READ,)
    """Permissions of the holder: ``read``, or ``publish``."""
    projects: tuple[ProjectGlob, ...] = (EVERYTHING,)
    """Projects of the holder, as globs over normalised names."""
    created: EntryTime
    """Creation time."""
    expires: EntryTime | None = None
    """Time from which the entry is invalid, or None. To revoke an entry, set it to now."""
    uploader: str | None = None
    """Uploader for which the holder publishes; None: the holder cannot publish."""

    def is_live(self, now: datetime) -> bool:
        """Return whether the entry has not expired."""
        return self.expires is None or now < self.expires

    def can_read_everything(self) -> bool:
        """Return whether the holder can read every project."""
        return READ in self.scopes and EVERYTHING in self.projects

    def can_read(self, project: ProjectName) -> bool:
        """Return whether the holder can read ``project``."""
        return self.can_read_everything() or (READ in self.scopes and self._has(project))

    def can_publish(self, project: ProjectName) -> bool:
        """Return whether the holder can publish files of ``project``, as its uploader."""
        return PUBLISH in self.scopes and bool(self.uploader) and self._has(project)

    def _has(self, project: ProjectName) -> bool:
        return any(fnmatchcase(project, glob) for glob in self.projects)

    def revoke(self, now: datetime) -> Self:
        """Return a copy of the entry that expires now, or earlier, and has no scope.

        It is shorter than any live entry of gcpypi, so a revocation needs no space. Without a scope
        the holder has no access, also if the clock of a service is behind.
        """
        expires = now if self.expires is None else min(now, self.expires)
        kept = self.model_dump(
            exclude={"scopes", "projects", "expires", "uploader"}, exclude_unset=True
        )
        ended = {"scopes": (), "expires": expires.replace(microsecond=0)}
        return self.model_validate({**kept, **ended})

    def rank(self) -> tuple[datetime, int, str]:
        """Return a key for which the entry with the earlier expiry, or without a scope, is first.

        A join of two versions of an entry takes the first one.
        """
        return self.expires or NEVER, len(self.scopes), self.model_dump_json()
