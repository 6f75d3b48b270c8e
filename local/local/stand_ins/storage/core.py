"""The state machine: the contents of a Cloud Storage project, and the effect of each operation.

This module has no HTTP. Each operation is atomic: preconditions and effect share one lock. A
backend keeps each change before the operation returns. The counts, faults and hooks belong to the
storage, but only the callers that serve requests use them (``http.app``, and
``testing.fakes.memory_ports``). A direct call of an operation does not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from local.stand_ins.storage import errors
from local.stand_ins.storage.backends import Backend, MemoryBackend
from local.stand_ins.storage.bucket_set import BucketSet
from local.stand_ins.storage.contents import ObjectContent
from local.stand_ins.storage.counts import Counts
from local.stand_ins.storage.faults import Faults
from local.stand_ins.storage.notifications import OnFinalize, make_finalize_attributes
from local.stand_ins.storage.object_listing import ListQuery, Page, list_page
from local.stand_ins.storage.objects import Attributes, Hashes, Version, check_name
from local.stand_ins.storage.preconditions import NONE, Preconditions

Hook = Callable[[str, str, str], None]
"""Hook with operation, bucket and object name.

It can block to delay a client. It can raise a ``StorageError``, which becomes the response."""


@dataclass(frozen=True, slots=True)
class RewriteSource:
    """Source object of a rewrite: the live version, or ``generation``."""

    bucket: str
    name: str
    generation: int | None = None
    preconditions: Preconditions = NONE


class FakeStorage(BucketSet):
    """Buckets and their objects; thread-safe.

    :param write_interval: minimum seconds between two writes to one object name; Cloud Storage has
        about 1 (https://cloud.google.com/storage/quotas#objects), 0 means no limit.
    :param rewrite_step: bytes that one call of a rewrite copies; 0 means all, as within a location.
    :param backend: keeps the state; None: it ends with the process.
    """

    def __init__(
        self,
        *,
        write_interval: float = 0.0,
        rewrite_step: int = 0,
        backend: Backend | None = None,
    ) -> None:
        super().__init__(backend or MemoryBackend())
        self.write_interval = write_interval
        self.rewrite_step = rewrite_step
        self.origin = "https://storage.googleapis.com"
        self.counts = Counts()
        self.faults = Faults()
        self.before: Hook | None = None
        self.after: Hook | None = None
        self.on_finalize: dict[str, list[OnFinalize]] = {}
        self._written: dict[tuple[str, str], datetime] = {}

    def reset(self) -> None:
        """Clear everything except the settings and the sequence of generations."""
        self.delete_all()
        self.on_finalize.clear()
        self._written.clear()
        self.before = self.after = None
        self.counts.clear()
        self.faults.clear()

    def insert(
        self,
        bucket: str,
        name: str,
        data: bytes | ObjectContent,
        attributes: Attributes | None = None,
        preconditions: Preconditions = NONE,
        *,
        hashes: Hashes | None = None,
    ) -> Version:
        """Write a whole object; ``hashes`` avoids a second computation."""
        check_name(name)
        if hashes is None:
            hashes = Hashes.from_data(data if isinstance(data, bytes) else data.read(0, data.size))
        with self._lock:
            live = self.check_insert(bucket, name, preconditions)
            now = self.now
            version = Version(
                bucket=bucket,
                name=name,
                generation=self._generations.next(),
                content=self._backend.keep_content(data),
                hashes=hashes,
                attributes=attributes or Attributes(),
                created=now,
                updated=now,
            )
            with self._change_object(bucket, name) as state:
                state.put(version)
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
                version.content,
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
            with self._change_object(bucket, name) as state:
                state.replace(patched)
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
            with self._change_object(bucket, name) as state:
                state.remove(name, generation, self.now)

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
