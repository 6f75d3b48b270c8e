"""One bucket: its live objects, noncurrent versions, and the sorted index of names."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from local.stand_ins.storage import errors
from local.stand_ins.storage.objects import Resource, Version, timestamp


@dataclass(slots=True)
class BucketState:
    """State of a bucket; only ``FakeStorage`` changes it, under its lock."""

    name: str
    created: datetime
    versioning: bool = False
    metageneration: int = 1
    live: dict[str, Version] = field(default_factory=dict)
    archived: dict[str, list[Version]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """All names with a version, in the order of code points.

    This is the order of the UTF-8 bytes, as in listings of Cloud Storage."""

    def find(self, name: str, generation: int | None = None) -> Version:
        """Return the live version, or the given generation, live or noncurrent.

        :raises StorageError: 404, if it does not exist.
        """
        live = self.live.get(name)
        candidates = [live] if live else []
        if generation is not None:
            kept = self.archived.get(name, ())
            candidates = [v for v in (*candidates, *kept) if v.generation == generation]
        if not candidates:
            raise errors.no_such_object(self.name, name)
        return candidates[0]

    def versions(self, name: str) -> Sequence[Version]:
        """Return all versions of ``name``, the oldest first."""
        live = self.live.get(name)
        return (*self.archived.get(name, ()), *((live,) if live else ()))

    def put(self, version: Version) -> None:
        """Make ``version`` the live version."""
        if version.name not in self.live and version.name not in self.archived:
            insort(self.names, version.name)
        self._archive(version.name, version.created)
        self.live[version.name] = version

    def add_stored(self, version: Version) -> None:
        """Add a version of an earlier process; the names must be sorted afterwards."""
        if version.name not in self.live and version.name not in self.archived:
            self.names.append(version.name)
        if version.deleted is None:
            self.live[version.name] = version
        else:
            self.archived.setdefault(version.name, []).append(version)

    def restore(self, name: str, versions: Sequence[Version]) -> None:
        """Replace all versions of a name by earlier ones, after a change that was not kept."""
        if name in self.live or name in self.archived:
            del self.names[bisect_left(self.names, name)]
        self.live.pop(name, None)
        self.archived.pop(name, None)
        for version in versions:
            self.add_stored(version)
        self.names.sort()

    def replace(self, version: Version) -> None:
        """Replace the version with the same generation."""
        live = self.live.get(version.name)
        if live and live.generation == version.generation:
            self.live[version.name] = version
            return
        kept = self.archived[version.name]
        kept[:] = [version if v.generation == version.generation else v for v in kept]

    def remove(self, name: str, generation: int | None, now: datetime) -> None:
        """Delete ``generation`` permanently; without it, delete or archive the live version."""
        if generation is None:
            self._archive(name, now)
        elif name in self.live and self.live[name].generation == generation:
            del self.live[name]
        else:
            kept = [v for v in self.archived.pop(name) if v.generation != generation]
            self.archived |= {name: kept} if kept else {}
        if name not in self.live and name not in self.archived:
            del self.names[bisect_left(self.names, name)]

    def _archive(self, name: str, now: datetime) -> None:
        live = self.live.pop(name, None)
        if live and self.versioning:
            self.archived.setdefault(name, []).append(replace(live, deleted=now))

    def resource(self, origin: str) -> Resource:
        """Return the bucket resource, with links to ``origin``."""
        return {
            "kind": "storage#bucket",
            "id": self.name,
            "selfLink": f"{origin}/storage/v1/b/{self.name}",
            "name": self.name,
            "projectNumber": "0",
            "metageneration": str(self.metageneration),
            "location": "US",
            "storageClass": "STANDARD",
            "etag": f"CA{self.metageneration}=",
            "timeCreated": timestamp(self.created),
            "updated": timestamp(self.created),
            "versioning": {"enabled": self.versioning},
        }
