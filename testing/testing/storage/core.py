"""The state machine: the contents of a Cloud Storage project, and the effect of each operation.

This module has no HTTP. Each operation is atomic: preconditions and effect share one lock. The
counts, faults and hooks belong to the storage, but only the callers that serve requests use them
(:mod:`testing.storage.http.app`, :mod:`testing.fakes.memory_ports`). A direct call of an operation
does not.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from testing.storage import errors
from testing.storage.buckets import BucketState
from testing.storage.counts import Counts
from testing.storage.faults import Faults
from testing.storage.generations import Generations
from testing.storage.notifications import OnFinalize, make_finalize_attributes
from testing.storage.object_listing import ListQuery, Page, list_page
from testing.storage.objects import Attributes, Hashes, Version
from testing.storage.preconditions import NONE, Preconditions

Hook = Callable[[str, str, str], None]
"""Hook with operation, bucket and object name.

It can block to delay a client. It can raise a :class:`~testing.storage.errors.StorageError`, which
becomes the response."""


@dataclass(frozen=True, slots=True)
class RewriteSource:
    """Source object of a rewrite: the live version, or ``generation``."""

    bucket: str
    name: str
    generation: int | None = None
    preconditions: Preconditions = NONE


class FakeStorage:
    """Buckets and their objects; thread-safe.

    :param write_interval: minimum seconds between two writes to one object name; Cloud Storage has
        about 1 (https://cloud.google.com/storage/quotas#objects), 0 means no limit.
    :param rewrite_step: bytes that one call of a rewrite copies; 0 means all, as within a location.
    """

    def __init__(self, *, write_interval: float = 0.0, rewrite_step: int = 0) -> None:
        self.write_interval = write_interval
        self.rewrite_step = rewrite_step
        self.origin = "https://storage.googleapis.com"
        self.counts = Counts()
        self.faults = Faults()
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.on_finalize: dict[str, list[OnFinalize]] = {}
        self.buckets: dict[str, BucketState] = {}
        self._frozen: datetime | None = None
        self._generations = Generations()
        self._written: dict[tuple[str, str], datetime] = {}
        self._lock = threading.RLock()

    @property
    def now(self) -> datetime:
        """Clock of the storage, in whole milliseconds like the API; None restarts it."""
        moment = self._frozen or datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @now.setter
    def now(self, moment: datetime | None) -> None:
        self._frozen = moment and moment.astimezone(UTC)

    def reset(self) -> None:
        """Clear everything except the settings and the sequence of generations."""
        with self._lock:
            for mapping in (self.buckets, self.on_finalize, self._written):
                mapping.clear()
        self.before = self.after = None
        self.counts.clear()
        self.faults.clear()

    def create_bucket(self, name: str, *, versioning: bool = False) -> BucketState:
        """Create a bucket; raise ``StorageError`` 409 if the name is taken."""
        with self._lock:
            if name in self.buckets:
                raise errors.bucket_exists()
            self.buckets[name] = BucketState(name, self.now, versioning)
            return self.buckets[name]

    def delete_bucket(self, name: str) -> None:
        """Delete a bucket; raise ``StorageError`` 404, or 409 if it has an object."""
        with self._lock:
            if self.bucket(name).names:
                raise errors.bucket_not_empty()
            del self.buckets[name]

    def bucket(self, name: str) -> BucketState:
        """Return a bucket by name; raise ``StorageError`` 404 if it does not exist."""
        try:
            return self.buckets[name]
        except KeyError:
            raise errors.no_such_bucket() from None

    def insert(
        self,
        bucket: str,
        name: str,
        data: bytes,
        attributes: Attributes | None = None,
        preconditions: Preconditions = NONE,
        *,
        hashes: Hashes | None = None,
    ) -> Version:
        """Write a whole object; ``hashes`` avoids a second computation."""
        _check_name(name)
        hashes = hashes or Hashes.from_data(data)
        with self._lock:
            live = self.check_insert(bucket, name, preconditions)
            now = self.now
            version = Version(
                bucket=bucket,
                name=name,
                generation=self._generations.next(),
                data=data,
                hashes=hashes,
                attributes=attributes or Attributes(),
                created=now,
                updated=now,
            )
            self.buckets[bucket].put(version)
            self._written[bucket, name] = now
        self._announce(version, live)
        return version

    def check_insert(self, bucket: str, name: str, preconditions: Preconditions) -> Version | None:
        """Check an insert without effect; return the version that it would replace.

        :raises StorageError: 404 (the bucket), 412 or 429.
        """
        state = self.bucket(bucket)
        self._throttle(bucket, name)
        live = state.live.get(name)
        preconditions.check_write(live)
        return live

    def get(
        self,
        bucket: str,
        name: str,
        generation: int | None = None,
        preconditions: Preconditions = NONE,
    ) -> Version:
        """Return a version; raise ``StorageError`` 404, 412, or 304."""
        with self._lock:
            version = self.bucket(bucket).find(name, generation)
        preconditions.check_read(version)
        return version

    def rewrite(
        self,
        source: RewriteSource,
        bucket: str,
        name: str,
        attributes: Attributes | None = None,
        preconditions: Preconditions = NONE,
        *,
        origin: "FakeStorage | None" = None,
    ) -> Version:
        """Copy an object on the server side.

        :param attributes: all attributes of the destination; None copies those of the source.
        :param origin: the storage of ``source``, if it is another one.
        """
        with self._lock:
            version = (origin or self).find_source(source)
            return self.insert(
                bucket,
                name,
                version.data,
                version.attributes if attributes is None else attributes,
                preconditions,
                hashes=version.hashes,
            )

    def find_source(self, source: RewriteSource) -> Version:
        """Return the version that a rewrite copies; raise ``StorageError`` 404 or 412."""
        with self._lock:
            version = self.bucket(source.bucket).find(source.name, source.generation)
        source.preconditions.check_write(version)
        return version

    def list(self, bucket: str, query: ListQuery | None = None) -> Page:
        """Return one page; the bucket can change before the next page."""
        with self._lock:
            return list_page(self.bucket(bucket), query or ListQuery())

    def patch(
        self,
        bucket: str,
        name: str,
        changes: Mapping[str, object],
        generation: int | None = None,
        preconditions: Preconditions = NONE,
    ) -> Version:
        """Patch the attributes of an object: same generation, next metageneration."""
        with self._lock:
            version = self._start_change(bucket, name, generation, preconditions)
            patched = version.patch(changes, self.now)
            self.buckets[bucket].replace(patched)
        return patched

    def delete(
        self,
        bucket: str,
        name: str,
        generation: int | None = None,
        preconditions: Preconditions = NONE,
    ) -> None:
        """Delete a version, by default the live one; raise ``StorageError`` 404, 412 or 429."""
        with self._lock:
            self._start_change(bucket, name, generation, preconditions)
            self.buckets[bucket].remove(name, generation, self.now)

    def _start_change(
        self, bucket: str, name: str, generation: int | None, preconditions: Preconditions
    ) -> Version:
        version = self.bucket(bucket).find(name, generation)
        self._throttle(bucket, name)
        preconditions.check_write(version)
        self._written[bucket, name] = self.now
        return version

    def _throttle(self, bucket: str, name: str) -> None:
        """Check the write limit before the preconditions; only successful writes count."""
        last = self._written.get((bucket, name))
        if last is not None and (self.now - last).total_seconds() < self.write_interval:
            raise errors.rate_limited(bucket, name)

    def _announce(self, version: Version, overwritten: Version | None) -> None:
        for listener in tuple(self.on_finalize.get(version.bucket, ())):
            attributes = make_finalize_attributes(version, overwritten)
            listener(version.bucket, version.resource(self.origin), attributes)


def _check_name(name: str) -> None:
    """Check a name by https://cloud.google.com/storage/docs/objects#naming."""
    forbidden = name in ("", ".", "..") or name.startswith(".well-known/acme-challenge/")
    if forbidden or "\r" in name or "\n" in name or len(name.encode()) > 1024:
        raise errors.invalid(f"Invalid object name: {name!r}", "name")
