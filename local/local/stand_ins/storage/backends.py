"""Backends: places that keep the state of a storage."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.contents import MemoryContent, ObjectContent
from local.stand_ins.storage.objects import Version


@dataclass(frozen=True, slots=True)
class StoredState:
    """State of a storage at its start."""

    buckets: Iterable[BucketState] = ()
    issued: int = 0
    """Number of the generations so far, or a larger one."""


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """Change of one object: all its versions before and after, the oldest first."""

    bucket: str
    name: str
    before: Sequence[Version]
    after: Sequence[Version]
    issued: int
    """Number of the generations so far."""


class Backend(Protocol):
    """Place of the bytes and of the state. Each change is kept when the method returns."""

    def load(self) -> StoredState:
        """Return the kept state."""
        ...

    def keep_content(self, data: bytes | ObjectContent) -> ObjectContent:
        """Return the content of a new object. Saving its version keeps the bytes."""
        ...

    def save_bucket(self, bucket: BucketState) -> None:
        """Keep the properties of a bucket, without its objects."""
        ...

    def delete_bucket(self, bucket: BucketState) -> None:
        """Delete a bucket and its objects."""
        ...

    def save_object(self, change: ObjectChange) -> None:
        """Keep the versions of an object after a change."""
        ...


class MemoryBackend:
    """Backend without a disk: the state ends with the process."""

    def load(self) -> StoredState:
        """Return the state of a new storage."""
        return StoredState()

    def keep_content(self, data: bytes | ObjectContent) -> ObjectContent:
        """Return the bytes as a content."""
        return MemoryContent(data) if isinstance(data, bytes) else data

    def save_bucket(self, bucket: BucketState) -> None:
        """Do nothing."""

    def delete_bucket(self, bucket: BucketState) -> None:
        """Do nothing."""

    def save_object(self, change: ObjectChange) -> None:
        """Do nothing."""
