"""The places where a ``Bucket`` can be had, alike enough to hold all of them to one contract."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest
from google.cloud.storage import Client

from cloud.ports import Bucket
from cloud.storage import StorageBucket, connect
from testing.fakes.memory import MemoryBucket
from testing.storage import Storage

_numbers = itertools.count(1)


class Site(Protocol):
    """Makes buckets, and tells of them what the port does not."""

    def bucket(self) -> Bucket:
        """A new, empty one."""
        ...

    def cache_control(self, bucket: Bucket, name: str) -> str:
        """The ``Cache-Control`` of a live object."""
        ...

    def remove(self, bucket: Bucket, name: str) -> None:
        """Delete a live object."""
        ...


class MemorySite:
    """Buckets without HTTP."""

    def __init__(self) -> None:
        self.storage = Storage()

    def bucket(self) -> MemoryBucket:
        return MemoryBucket(f"bucket-{next(_numbers)}", storage=self.storage)

    def cache_control(self, bucket: Bucket, name: str) -> str:
        return self.storage.get(bucket.name, name).attributes.cache_control or ""

    def remove(self, bucket: Bucket, name: str) -> None:
        self.storage.delete(bucket.name, name)


class ServedSite:
    """Buckets of the adapter, over HTTP; made and damaged by the library itself."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def bucket(self) -> StorageBucket:
        name = f"bucket-{next(_numbers)}"
        self._client.create_bucket(name)
        return StorageBucket(self._client, name)

    def cache_control(self, bucket: Bucket, name: str) -> str:
        return str(self._client.bucket(bucket.name).get_blob(name).cache_control)

    def remove(self, bucket: Bucket, name: str) -> None:
        self._client.bucket(bucket.name).delete_blob(name)


@contextmanager
def served(url: str) -> Iterator[ServedSite]:
    """The site behind ``url``."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", url)
        client = connect("gcpypi-local")
    try:
        yield ServedSite(client)
    finally:
        client.close()
