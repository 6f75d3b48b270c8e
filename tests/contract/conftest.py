"""Sites for the contract tests of ``Bucket``: memory, strict fake and fake-gcs-server."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from local.stand_ins.storage.disk.disk_backend import DiskBackend
from testing.fakes.bucket_factories import BucketFactory, MemoryBucketFactory, connect_buckets
from testing.fakes.fake_gcs_server import run_fake_gcs
from testing.storage import FakeStorage, StorageServer

_REWRITES = "ignores the preconditions of a rewrite"
_UPLOADS = "ignores the preconditions of a resumable upload"
SKIPPED_ON_FAKE_GCS = {
    "test_a_large_object_cannot_be_created_over_another": _UPLOADS,
    "test_rewrite_inherits_nothing": "keeps the custom metadata of the source if none is given",
    "test_rewrite_never_replaces": _REWRITES,
    "test_one_of_many_rewriters_succeeds": _REWRITES,
    "test_no_object_of_a_lost_bucket_is_absent": "has one message for absent buckets and objects",
}
"""Tests that fake-gcs-server cannot pass, each with the reason."""


@pytest.fixture(scope="session")
def fake_gcs_url() -> Iterator[str]:
    with run_fake_gcs() as url:
        yield url


@pytest.fixture(scope="session")
def _storage_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    """The strict fake with its buckets on disk, as in the local runtime."""
    with (
        closing(DiskBackend(tmp_path_factory.mktemp("buckets"))) as backend,
        StorageServer(FakeStorage(backend=backend)) as server,
    ):
        yield server


@pytest.fixture
def storage(_storage_server: StorageServer) -> FakeStorage:
    """The empty storage of the strict fake that is served over HTTP."""
    storage = _storage_server.storage
    storage.reset()
    storage.write_interval = storage.rewrite_step = 0
    storage.now = None  # the real clock
    return storage


@pytest.fixture
def strict_site(storage: FakeStorage) -> Iterator[BucketFactory]:
    """The adapter on the strict fake."""
    with connect_buckets(storage.origin) as site:
        yield site


@pytest.fixture(params=["memory", "strict"])
def failing_site(request: pytest.FixtureRequest) -> Iterator[tuple[BucketFactory, FakeStorage]]:
    """A site, and its storage for the injection of faults."""
    if request.param == "memory":
        memory = MemoryBucketFactory()
        yield memory, memory.storage
    else:
        yield request.getfixturevalue("strict_site"), request.getfixturevalue("storage")


@pytest.fixture(params=["memory", "strict", "fake-gcs"])
def site(request: pytest.FixtureRequest) -> Iterator[BucketFactory]:
    match request.param:
        case "memory":
            yield MemoryBucketFactory()
        case "strict":
            yield request.getfixturevalue("strict_site")
        case "fake-gcs":
            if reason := SKIPPED_ON_FAKE_GCS.get(request.function.__name__):
                pytest.skip(f"fake-gcs-server 1.54 {reason}")
            with connect_buckets(request.getfixturevalue("fake_gcs_url")) as site:
                yield site
