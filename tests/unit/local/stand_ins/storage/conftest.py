"""Fixtures: a storage with its buckets in a folder, which can be opened again."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.disk.disk_backend import DiskBackend

Restart = Callable[[], FakeStorage]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "buckets"


@pytest.fixture
def restart(folder: Path) -> Iterator[Restart]:
    """Open the folder; each call first closes it without a word to the storage."""
    opened: list[DiskBackend] = []

    def open_again() -> FakeStorage:
        for backend in opened:
            backend.close()
        opened.append(DiskBackend(folder))
        return FakeStorage(backend=opened[-1])

    yield open_again
    for backend in opened:
        backend.close()


@pytest.fixture
def storage(restart: Restart) -> FakeStorage:
    storage = restart()
    storage.create_bucket("b")
    storage.create_bucket("versioned", versioning=True)
    return storage
