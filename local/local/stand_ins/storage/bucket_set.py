"""The buckets of a storage, with their backend, lock and clock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from local.stand_ins.storage import errors
from local.stand_ins.storage.backends import Backend, ObjectChange
from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.errors import StorageError
from local.stand_ins.storage.generations import Generations


class BucketSet:
    """Buckets, in which each change is kept by the backend."""

    def __init__(self, backend: Backend) -> None:
        stored = backend.load()
        self.buckets = {bucket.name: bucket for bucket in stored.buckets}
        self._backend = backend
        self._generations = Generations(stored.issued)
        self._frozen: datetime | None = None
        self._lock = threading.RLock()

    @property
    def now(self) -> datetime:
        """Clock of the storage, in whole milliseconds like the API; None restarts it."""
        moment = self._frozen or datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    @now.setter
    def now(self, moment: datetime | None) -> None:
        self._frozen = moment and moment.astimezone(UTC)

    @property
    def issued(self) -> int:
        """Number of the generations so far."""
        return self._generations.issued

    def bucket(self, name: str) -> BucketState:
        """Return a bucket by name; raise ``StorageError`` 404 if it does not exist."""
        try:
            return self.buckets[name]
        except KeyError:
            raise errors.no_such_bucket() from None

    def create_bucket(self, name: str, *, versioning: bool = False) -> BucketState:
        """Create a bucket; raise ``StorageError`` 409 if the name is taken."""
        with self._lock:
            if name in self.buckets:
                raise errors.bucket_exists()
            state = BucketState(name, self.now, versioning)
            self._backend.save_bucket(state)
            self.buckets[name] = state
            return state

    def patch_bucket(self, name: str, *, versioning: bool) -> None:
        """Set the versioning of a bucket; raise ``StorageError`` 404 if it does not exist."""
        with self._lock:
            state = self.bucket(name)
            state.versioning = versioning
            state.metageneration += 1
            self._backend.save_bucket(state)

    def delete_bucket(self, name: str) -> None:
        """Delete a bucket; raise ``StorageError`` 404, or 409 if it has an object."""
        with self._lock:
            if self.bucket(name).names:
                raise errors.bucket_not_empty()
            self._backend.delete_bucket(self.buckets.pop(name))

    def delete_all(self) -> None:
        """Delete all buckets with their objects."""
        with self._lock:
            for name in list(self.buckets):
                self._backend.delete_bucket(self.buckets.pop(name))

    @contextmanager
    def _change_object(self, bucket: str, name: str) -> Iterator[BucketState]:
        """Keep the change of an object; after a failure of the backend undo it."""
        state = self.buckets[bucket]
        before = state.versions(name)
        yield state
        after, issued = state.versions(name), self._generations.issued
        try:
            self._backend.save_object(ObjectChange(bucket, name, before, after, issued))
        except StorageError:
            state.restore(name, before)
            raise
