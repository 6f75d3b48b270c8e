"""Factories of ``Bucket``, with one interface, so that one contract suite covers all."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from cloud.ports import Bucket
from cloud.storage import DirectClient, StorageBucket, connect
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import FakeStorage

_numbers = itertools.count(1)


class BucketFactory(Protocol):
    """Factory of buckets, with operations that the port does not have."""

    def bucket(self) -> Bucket:
        """Create an empty bucket."""
        ...

    def cache_control(self, bucket: Bucket, name: str) -> str:
        """Return the ``Cache-Control`` of a live object."""
        ...

    def remove(self, bucket: Bucket, name: str) -> None:
        """Delete a live object."""
        ...

    def drop(self, bucket: Bucket) -> None:
        """Delete an empty bucket."""
        ...


class MemoryBucketFactory:
    """Factory of buckets in memory."""

    def __init__(self) -> None:
        self.storage = FakeStorage()

    def bucket(self) -> MemoryBucket:
        return MemoryBucket(f"bucket-{next(_numbers)}", storage=self.storage)

    def cache_control(self, bucket: Bucket, name: str) -> str:
        return self.storage.get(bucket.name, name).attributes.cache_control or ""

    def remove(self, bucket: Bucket, name: str) -> None:
        self.storage.delete(bucket.name, name)

    def drop(self, bucket: Bucket) -> None:
        self.storage.delete_bucket(bucket.name)


class StorageBucketFactory:
    """Factory of buckets of the adapter, over HTTP; it uses the Google client directly."""

    def __init__(self, client: DirectClient, library: Client) -> None:
        self._direct, self._client = client, library

    def bucket(self) -> StorageBucket:
        name = f"bucket-{next(_numbers)}"
        self._client.create_bucket(name)
        return StorageBucket(self._direct, name)

    def cache_control(self, bucket: Bucket, name: str) -> str:
        return str(self._client.bucket(bucket.name).get_blob(name).cache_control)

    def remove(self, bucket: Bucket, name: str) -> None:
        self._client.bucket(bucket.name).delete_blob(name)

    def drop(self, bucket: Bucket) -> None:
        self._client.bucket(bucket.name).delete()


def connect_library(gcp_project: str) -> Client:
    """Create a client of Google's library for ``STORAGE_EMULATOR_HOST``."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google-auth's
    return Client(project=gcp_project, credentials=credentials)


@contextmanager
def connect_buckets(url: str) -> Iterator[StorageBucketFactory]:
    """Yield a factory for the server at ``url``."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", url)
        client, library = connect("gcpypi-local"), connect_library("gcpypi-local")
    try:
        yield StorageBucketFactory(client, library)
    finally:
        client.close()
        library.close()
