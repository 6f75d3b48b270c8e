"""The strict fake of Cloud Storage, with a server."""

from collections.abc import Iterator

import pytest
import requests

from testing.storage import FakeStorage, StorageServer


@pytest.fixture(scope="session")
def server() -> Iterator[StorageServer]:
    with StorageServer() as server:
        yield server


@pytest.fixture
def storage(server: StorageServer) -> FakeStorage:
    server.storage.reset()
    server.storage.create_bucket("b")
    return server.storage


@pytest.fixture
def http(storage: FakeStorage) -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


@pytest.fixture
def objects(storage: FakeStorage) -> str:
    return f"{storage.origin}/storage/v1/b/b/o"


@pytest.fixture
def upload(storage: FakeStorage) -> str:
    return f"{storage.origin}/upload/storage/v1/b/b/o"
