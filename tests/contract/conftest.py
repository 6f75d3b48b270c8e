"""The ``Bucket`` contract is held against three implementations."""

from collections.abc import Iterator

import pytest

from testing.fakes.fake_gcs_server import fake_gcs
from testing.fakes.sites import MemorySite, Site, served
from testing.storage import Storage, StorageServer

_REWRITES = "heeds no precondition of a rewrite"
NOT_HELD_BY_FAKE_GCS = {
    "test_read_returns_nothing_to_who_has_the_live_generation": "answers a conditional read whole",
    "test_a_large_object_cannot_be_created_over_another": "heeds none of a resumable upload",
    "test_rewrite_inherits_nothing": "keeps the source's custom metadata where none is given",
    "test_rewrite_never_replaces": _REWRITES,
    "test_of_many_rewriters_one_wins": _REWRITES,
}
"""The clauses that cannot be tried there, and why."""


@pytest.fixture(scope="session")
def fake_gcs_url() -> Iterator[str]:
    with fake_gcs() as url:
        yield url


@pytest.fixture(scope="session")
def _storage_server() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


@pytest.fixture
def storage(_storage_server: StorageServer) -> Storage:
    """The strict fake that is served over HTTP, empty."""
    storage = _storage_server.storage
    storage.reset()
    storage.write_interval = storage.rewrite_step = 0
    storage.now = None  # going
    return storage


@pytest.fixture
def strict(storage: Storage) -> Iterator[Site]:
    """The adapter on the strict fake."""
    with served(storage.origin) as site:
        yield site


@pytest.fixture(params=["memory", "strict"])
def failing(request: pytest.FixtureRequest) -> Iterator[tuple[Site, Storage]]:
    """A site that can be made to fail, and the store to do it by."""
    if request.param == "memory":
        memory = MemorySite()
        yield memory, memory.storage
    else:
        yield request.getfixturevalue("strict"), request.getfixturevalue("storage")


@pytest.fixture(params=["memory", "strict", "fake-gcs"])
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    match request.param:
        case "memory":
            yield MemorySite()
        case "strict":
            yield request.getfixturevalue("strict")
        case "fake-gcs":
            if reason := NOT_HELD_BY_FAKE_GCS.get(request.function.__name__):
                pytest.skip(f"fake-gcs-server 1.54 {reason}")
            with served(request.getfixturevalue("fake_gcs_url")) as site:
                yield site
