"""Small contents in the database: rows, references, and reads by other threads."""

import logging
import random
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from local.stand_ins.storage.core import FakeStorage, RewriteSource
from local.stand_ins.storage.disk.disk_backend import DiskBackend
from local.stand_ins.storage.disk.small_contents import MAX_SIZE, SmallContent
from local.stand_ins.storage.objects import Attributes, Hashes, Version
from testing.storage import StorageError

Restart = Callable[[], FakeStorage]

REFUSED = Attributes("refused")
"""Attributes of a version that the database of ``refusing`` does not take."""
REFUSALS = """
CREATE TRIGGER insertion BEFORE INSERT ON versions WHEN new.attributes LIKE '%refused%'
    BEGIN SELECT RAISE(ABORT, 'refused'); END;
CREATE TRIGGER replacement BEFORE UPDATE ON versions WHEN new.attributes LIKE '%refused%'
    BEGIN SELECT RAISE(ABORT, 'refused'); END;
CREATE TRIGGER deletion BEFORE DELETE ON versions WHEN old.name LIKE 'fixed%'
    BEGIN SELECT RAISE(ABORT, 'refused'); END;
"""


@pytest.fixture
def refusing(folder: Path, restart: Restart) -> FakeStorage:
    """A storage with a database that refuses some versions, after the change of the contents."""
    DiskBackend(folder).close()
    with closing(sqlite3.connect(folder / "objects.sqlite3")) as database:
        database.executescript(REFUSALS)
    storage = restart()
    storage.create_bucket("b")
    storage.create_bucket("versioned", versioning=True)
    return storage


def list_rows(folder: Path) -> list[bytes]:
    """Return all contents, from a copy of the files: their state after a kill of the process."""
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    with closing(sqlite3.connect(copy / "objects.sqlite3")) as database:
        rows = database.execute("SELECT data FROM contents ORDER BY id").fetchall()
    shutil.rmtree(copy)
    return [data for (data,) in rows]


def list_versions(storage: FakeStorage) -> list[Version]:
    buckets = storage.buckets.values()
    return [
        version for state in buckets for name in state.names for version in state.versions(name)
    ]


def list_all(storage: FakeStorage) -> list[tuple[bytes, dict[str, object]]]:
    return [(version.data, version.resource("")) for version in list_versions(storage)]


def count_files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "contents").rglob("*"))


@pytest.mark.parametrize("size", [0, 1, MAX_SIZE])
def test_a_small_content_is_a_row_and_not_in_memory(
    storage: FakeStorage, folder: Path, size: int
) -> None:
    content = storage.insert("b", "a", b"x" * size).content
    assert isinstance(content, SmallContent)
    assert content.data is None
    assert (list_rows(folder), count_files(folder)) == ([b"x" * size], 0)
    assert content.read(0, size) == b"x" * size


def test_a_larger_content_is_a_file(storage: FakeStorage, folder: Path) -> None:
    storage.insert("b", "a", bytes(MAX_SIZE + 1))
    assert (list_rows(folder), count_files(folder)) == ([], 1)


def test_a_part_of_a_row_is_read(storage: FakeStorage) -> None:
    content = storage.insert("b", "a", bytes(range(10))).content
    assert (content.size, content.read(3, 6)) == (10, b"\3\4\5")


def test_a_small_object_can_become_large_and_small_again(
    storage: FakeStorage, folder: Path, restart: Restart
) -> None:
    for data, rows in ((b"1", 1), (bytes(MAX_SIZE + 1), 0), (b"2", 1)):
        storage.insert("b", "a", data)
        assert (len(list_rows(folder)), count_files(folder)) == (rows, 1 - rows)
    assert restart().get("b", "a").data == b"2"


def test_a_rewrite_shares_the_row_until_the_last_version_is_deleted(
    storage: FakeStorage, folder: Path
) -> None:
    storage.insert("b", "a", b"wheel")
    for name in ("copy", "copy", "other"):
        storage.rewrite(RewriteSource("b", "a"), "versioned", name)
    storage.delete("b", "a")
    for version in storage.bucket("versioned").versions("copy"):
        storage.delete("versioned", "copy", version.generation)
    assert list_rows(folder) == [b"wheel"]
    other = storage.get("versioned", "other")
    storage.delete("versioned", "other")
    assert list_rows(folder) == [b"wheel"]  # noncurrent
    storage.delete("versioned", "other", other.generation)
    assert list_rows(folder) == []


def test_objects_share_a_row_after_a_restart_too(
    storage: FakeStorage, restart: Restart, folder: Path
) -> None:
    storage.insert("b", "a", b"wheel")
    storage.rewrite(RewriteSource("b", "a"), "b", "copy")
    again = restart()
    again.delete("b", "copy")
    assert (again.get("b", "a").data, list_rows(folder)) == (b"wheel", [b"wheel"])
    again.delete("b", "a")
    assert list_rows(folder) == []


def test_a_download_can_end_after_the_deletion(storage: FakeStorage) -> None:
    deleted, replaced = (storage.insert("b", name, name.encode()) for name in ("a", "b"))
    storage.delete("b", "a")
    storage.insert("b", "b", b"new")
    assert (deleted.data, replaced.data) == (b"a", b"b")


def test_a_deleted_content_can_be_written_again(
    storage: FakeStorage, restart: Restart, folder: Path
) -> None:
    deleted = storage.insert("b", "a", b"1")
    storage.delete("b", "a")
    storage.insert("b", "b", b"2")
    storage.insert("b", "c", deleted.content)
    assert sorted(list_rows(folder)) == [b"1", b"2"]
    assert [data for data, _ in list_all(restart())] == [b"2", b"1"]


def test_the_content_of_another_storage_is_copied(
    storage: FakeStorage, tmp_path: Path, folder: Path
) -> None:
    with closing(DiskBackend(tmp_path / "other")) as backend:
        other = FakeStorage(backend=backend)
        other.create_bucket("b")
        other.insert("b", "a", b"other")
        storage.rewrite(RewriteSource("b", "a"), "b", "a", origin=other)
    assert storage.get("b", "a").data == b"other"
    assert list_rows(folder) == [b"other"]


def test_a_deleted_bucket_leaves_only_the_rows_of_other_buckets(folder: Path) -> None:
    with closing(DiskBackend(folder)) as backend:
        storage = FakeStorage(backend=backend)
        storage.create_bucket("b")
        storage.create_bucket("versioned", versioning=True)
        for name in ("a", "shared", "shared"):
            deleted = storage.insert("versioned", name, name.encode())
        kept = storage.rewrite(RewriteSource("versioned", "shared"), "b", "copy")
        backend.delete_bucket(storage.buckets.pop("versioned"))
        assert list_rows(folder) == [b"shared"]
        assert (kept.data, deleted.data) == (b"shared", b"shared")
        storage.delete_all()
        assert list_rows(folder) == []
        assert kept.data == b"shared"


def test_a_failed_change_changes_neither_rows_nor_references(
    refusing: FakeStorage, folder: Path
) -> None:
    refusing.insert("b", "fixed", b"1")
    refusing.rewrite(RewriteSource("b", "fixed"), "versioned", "copy")
    refusing.insert("versioned", "fixed", b"2")
    before = list_all(refusing)
    source = RewriteSource("b", "fixed")
    for change in (
        lambda: refusing.insert("b", "new", b"3", REFUSED),
        lambda: refusing.insert("b", "fixed", b"3", REFUSED),
        lambda: refusing.insert("versioned", "copy", b"3", REFUSED),
        lambda: refusing.rewrite(source, "versioned", "new", REFUSED),
        lambda: refusing.patch("b", "fixed", {"contentType": "refused"}),
        lambda: refusing.delete("b", "fixed"),
        lambda: refusing.insert("versioned", "fixed", b"3"),
    ):
        with pytest.raises(StorageError, match="500 backendError: The change is not kept"):
            change()
        assert list_all(refusing) == before
        assert list_rows(folder) == [b"1", b"2"]
    refusing.insert("b", "fixed", b"3")
    assert sorted(list_rows(folder)) == [b"1", b"2", b"3"]
    for version in refusing.bucket("versioned").versions("copy"):
        refusing.delete("versioned", "copy", version.generation)
    assert sorted(list_rows(folder)) == [b"2", b"3"]


def test_an_object_without_its_row_is_left_out_and_named(
    folder: Path, restart: Restart, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(DiskBackend(folder)) as backend:
        storage = FakeStorage(backend=backend)
        storage.create_bucket("b")
        for name in ("kept", "lost"):
            storage.insert("b", name, name.encode() * 2)
    with closing(sqlite3.connect(folder / "objects.sqlite3")) as database:
        database.execute("DELETE FROM contents WHERE data = ?", (b"lostlost",))
        database.commit()
    with caplog.at_level(logging.ERROR):
        again = restart()
    again.insert("b", "new", b"12345678")  # no new content becomes that of the lost object
    again = restart()
    assert [version.name for version in again.list("b").items] == ["kept", "new"]
    assert caplog.messages == 2 * ["gs://b/lost is lost: its 8 bytes are not on disk"]
    again.insert("b", "lost", b"found")
    caplog.clear()
    assert restart().get("b", "lost").data == b"found"
    assert caplog.messages == []


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_those_of_the_versions_after_any_changes(
    refusing: FakeStorage, folder: Path, restart: Restart, seed: int
) -> None:
    chance, storage = random.Random(seed), refusing  # noqa: S311 - repeatable
    for step in range(300):
        with suppress(StorageError):
            change_one(storage, chance, step)
        if chance.random() < 0.02:
            before = list_all(storage)
            storage = restart()
            assert list_all(storage) == before
    storage = restart()  # without the files of refused changes
    contents = {id(v.content): v.content for v in list_versions(storage)}.values()
    rows = [content.read(0, content.size) for content in contents if content.size <= MAX_SIZE]
    assert Counter(list_rows(folder)) == Counter(rows)
    assert count_files(folder) == len(contents) - len(rows)


def change_one(storage: FakeStorage, chance: random.Random, step: int) -> None:
    """Change an object; the database refuses some changes."""
    bucket, other = (chance.choice(("b", "versioned")) for _ in range(2))
    name, another = (chance.choice(("a", "c", "d", "fixed")) for _ in range(2))
    attributes = REFUSED if chance.random() < 0.2 else None
    match chance.randrange(6):
        case 0 | 1:
            data = b"%d" % step + bytes(chance.choice((0, 0, 5000, MAX_SIZE)))
            storage.insert(bucket, name, data, attributes)
        case 2:
            storage.rewrite(RewriteSource(other, another), bucket, name, attributes)
        case 3:
            storage.patch(bucket, name, {"contentType": "refused" if attributes else "x/y"})
        case 4:
            storage.delete(bucket, name)
        case _:
            generations = [version.generation for version in storage.bucket(bucket).versions(name)]
            storage.delete(bucket, name, chance.choice(generations or [0]))


def test_other_threads_read_during_all_changes(refusing: FakeStorage) -> None:
    versions = [refusing.insert("b", "a", b"0" * 2000)]
    results = Counter[bool]()
    is_done = threading.Event()

    def read() -> None:
        while not is_done.is_set():
            for version in versions[-3:]:
                results[Hashes.from_data(version.data) == version.hashes] += 1

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for number in range(300):
            with suppress(StorageError):
                refusing.insert("b", "a", b"", REFUSED)
            versions.append(refusing.insert("b", "a", b"%d" % number * 1000))
            if number % 2:
                refusing.delete("b", "a")
        is_done.set()
    for reader in readers:
        reader.result()
    assert results.keys() == {True}
