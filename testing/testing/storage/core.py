"""The state machine: what a Cloud Storage project holds and what each operation does to it.

No HTTP here. Every operation is atomic: its preconditions are checked and its effect takes place
under one lock. The counters, faults and hooks are kept here for those who carry out requests
(:mod:`testing.storage.http.app`, :mod:`testing.fakes.memory`). A direct call of an operation
touches none of them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from testing.storage import errors, listing
from testing.storage.buckets import BucketState
from testing.storage.counts import Counts
from testing.storage.events import OnFinalize, finalize_attributes
from testing.storage.faults import Faults
from testing.storage.generations import Generations
from testing.storage.objects import Attributes, Hashes, Version
from testing.storage.preconditions import NONE, Preconditions

Hook = Callable[[str, str, str], None]
"""Called with operation, bucket and object name. It may block, to hold a client at a step, and may
raise a :class:`~testing.storage.errors.StorageError`, which becomes the answer."""


@dataclass(frozen=True, slots=True)
class Source:
    """The object a rewrite copies: the live one, or ``generation`` of it."""

    bucket: str
    name: str
    generation: int | None = None
    preconditions: Preconditions = NONE


class Storage:
    """Buckets and their objects, thread-safe.

    :param write_interval: seconds that must pass between two writes to one object name; Cloud
        Storage has about 1 (https://cloud.google.com/storage/quotas#objects), 0 means no limit.
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
        """The store's clock, in whole milliseconds as its API has them; None sets it going."""
        moment = self._frozen or datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @now.setter
    def now(self, moment: datetime | None) -> None:
        self._frozen = moment and moment.astimezone(UTC)

    def reset(self) -> None:
        """Forget everything but the settings and the generations that were issued."""
        with self._lock:
            for forgotten in (self.buckets, self.on_finalize, self._written):
                forgotten.clear()
        self.before = self.after = None
        self.counts.clear()
        self.faults.clear()

    def create_bucket(self, name: str, *, versioning: bool = False) -> BucketState:
        """:raises StorageError: 409, if there is one of that name."""
        with self._lock:
            if name in self.buckets:
                raise errors.bucket_taken()
            self.buckets[name] = BucketState(name, self.now, versioning)
            return self.buckets[name]

    def delete_bucket(self, name: str) -> None:
        """:raises StorageError: 404, or 409 if it holds an object."""
        with self._lock:
            if self.bucket(name).names:
                raise errors.bucket_not_empty()
            del self.buckets[name]

    def bucket(self, name: str) -> BucketState:
        """:raises StorageError: 404, if there is none of that name."""
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
        """Write an object whole; ``hashes`` spares computing them again."""
        _check_name(name)
        hashes = hashes or Hashes.of(data)
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
        """Whether an insert would be accepted at this moment; return what it would replace.

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
        """:raises StorageError: 404, 412, or 304."""
        with self._lock:
            version = self.bucket(bucket).find(name, generation)
        preconditions.check_read(version)
        return version

    def rewrite(
        self,
        source: Source,
        bucket: str,
        name: str,
        attributes: Attributes | None = None,
        preconditions: Preconditions = NONE,
        *,
        origin: "Storage | None" = None,
    ) -> Version:
        """Copy an object on the server.

        :param attributes: the whole destination resource; None: the source's.
        :param origin: where ``source`` is, if that is another fake.
        """
        with self._lock:
            version = (origin or self).source(source)
            return self.insert(
                bucket,
                name,
                version.data,
                version.attributes if attributes is None else attributes,
                preconditions,
                hashes=version.hashes,
            )

    def source(self, source: Source) -> Version:
        """:raises StorageError: 404, or 412."""
        with self._lock:
            version = self.bucket(source.bucket).find(source.name, source.generation)
        source.preconditions.check_write(version)
        return version

    def list(self, bucket: str, query: listing.ListQuery | None = None) -> listing.Page:
        """One page, as of this moment; between two pages the bucket may change."""
        with self._lock:
            return listing.page(self.bucket(bucket), query or listing.ListQuery())

    def patch(
        self,
        bucket: str,
        name: str,
        changes: Mapping[str, object],
        generation: int | None = None,
        preconditions: Preconditions = NONE,
    ) -> Version:
        """Change what is said of an object: same generation, next metageneration."""
        with self._lock:
            version = self._to_change(bucket, name, generation, preconditions)
            patched = version.patched(changes, self.now)
            self.buckets[bucket].replace(patched)
        return patched

    def delete(
        self,
        bucket: str,
        name: str,
        generation: int | None = None,
        preconditions: Preconditions = NONE,
    ) -> None:
        """:raises StorageError: 404, 412 or 429."""
        with self._lock:
            self._to_change(bucket, name, generation, preconditions)
            self.buckets[bucket].remove(name, generation, self.now)

    def _to_change(
        self, bucket: str, name: str, generation: int | None, preconditions: Preconditions
    ) -> Version:
        version = self.bucket(bucket).find(name, generation)
        self._throttle(bucket, name)
        preconditions.check_write(version)
        self._written[bucket, name] = self.now
        return version

    def _throttle(self, bucket: str, name: str) -> None:
        """The limit comes before the preconditions, and only what succeeds counts towards it."""
        last = self._written.get((bucket, name))
        if last is not None and (self.now - last).total_seconds() < self.write_interval:
            raise errors.rate_limited(bucket, name)

    def _announce(self, version: Version, overwritten: Version | None) -> None:
        for listener in tuple(self.on_finalize.get(version.bucket, ())):
            attributes = finalize_attributes(version, overwritten)
            listener(version.bucket, version.resource(self.origin), attributes)


def _check_name(name: str) -> None:
    """https://cloud.google.com/storage/docs/objects#naming"""
    forbidden = name in ("", ".", "..") or name.startswith(".well-known/acme-challenge/")
    if forbidden or "\r" in name or "\n" in name or len(name.encode()) > 1024:
        raise errors.invalid(f"Invalid object name: {name!r}", "name")
