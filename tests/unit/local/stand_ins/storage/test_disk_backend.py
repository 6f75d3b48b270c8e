"""The buckets on disk: every confirmed change is there after a restart, and after a kill."""

import logging
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from local.errors import LocalError
from local.stand_ins.storage.core import FakeStorage, RewriteSource
from local.stand_ins.storage.disk.disk_backend import DiskBackend
from local.stand_ins.storage.disk.small_contents import MAX_SIZE
from local.stand_ins.storage.object_listing import ListQuery
from local.stand_ins.storage.objects import Attributes, Version
from local.stand_ins.storage.preconditions import Preconditions
from testing.storage import StorageError

ATTRIBUTES = Attributes("x/y", "no-store", metadata={"sha256": "00", "by": "Zoë"})
LARGE = bytes(MAX_SIZE)
"""End of a content that is too large for the database."""
Restart = Callable[[], FakeStorage]


def describe(version: Version) -> tuple[bytes, dict[str, object]]:
    """Return the bytes and all facts of a version."""
    return version.data, version.resource("https://storage")


def list_all(storage: FakeStorage, bucket: str) -> list[tuple[bytes, dict[str, object]]]:
    return [describe(version) for version in storage.list(bucket, ListQuery(versions=True)).items]


def count_files(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "contents").rglob("*"))


@pytest.mark.parametrize("end", [b"", LARGE], ids=["small", "large"])
def test_objects_are_the_same_after_a_restart(
    storage: FakeStorage, restart: Restart, end: bytes
) -> None:
    for name in ("z", "a/é", "a/b"):
        storage.insert("b", name, name.encode() + end, ATTRIBUTES)
    storage.patch("b", "z", {"metadata": {"sha256": None, "more": "1"}})
    storage.insert("b", "empty", b"")
    before = list_all(storage, "b")
    again = restart()
    assert list_all(again, "b") == before
    assert [v.name for v in again.list("b").items] == ["a/b", "a/é", "empty", "z"]
    assert again.buckets["versioned"].resource("") == storage.buckets["versioned"].resource("")


@pytest.mark.parametrize("end", [b"", LARGE], ids=["small", "large"])
def test_noncurrent_versions_are_the_same_after_a_restart(
    storage: FakeStorage, restart: Restart, end: bytes
) -> None:
    first, second, _ = (storage.insert("versioned", "a", bytes([n]) + end) for n in range(3))
    storage.delete("versioned", "a", second.generation)
    storage.delete("versioned", "a")
    before = list_all(storage, "versioned")
    assert [data for data, _ in before] == [b"\0" + end, b"\2" + end]
    again = restart()
    assert list_all(again, "versioned") == before
    assert again.get("versioned", "a", first.generation).data == b"\0" + end
    with pytest.raises(StorageError, match="404"):
        again.get("versioned", "a")


def test_a_generation_is_never_repeated_after_a_restart(
    storage: FakeStorage, restart: Restart
) -> None:
    used = {storage.insert("b", "a", b"1").generation for _ in range(3)}
    storage.delete("b", "a")
    again = restart()
    new = [again.insert("b", "a", b"1").generation for _ in range(3)]
    assert used.isdisjoint(new)


def test_deletions_and_properties_of_buckets_are_kept(
    storage: FakeStorage, restart: Restart
) -> None:
    storage.patch_bucket("b", versioning=True)
    storage.delete_bucket("versioned")
    again = restart()
    assert list(again.buckets) == ["b"]
    assert (again.bucket("b").versioning, again.bucket("b").metageneration) == (True, 2)


def test_a_rewrite_shares_the_file_until_the_last_object_is_deleted(
    storage: FakeStorage, folder: Path
) -> None:
    storage.insert("b", "a", LARGE + b"wheel")
    storage.rewrite(RewriteSource("b", "a"), "versioned", "copy")
    assert count_files(folder) == 1
    storage.delete("b", "a")
    copy = storage.get("versioned", "copy")
    assert copy.data == LARGE + b"wheel"
    storage.delete("versioned", "copy")
    storage.delete("versioned", "copy", copy.generation)
    assert count_files(folder) == 1  # a reader still has the version
    del copy
    assert count_files(folder) == 0


def test_objects_share_a_file_after_a_restart_too(
    storage: FakeStorage, restart: Restart, folder: Path
) -> None:
    storage.insert("b", "a", LARGE + b"wheel")
    storage.rewrite(RewriteSource("b", "a"), "b", "copy")
    again = restart()
    again.delete("b", "copy")
    assert (again.get("b", "a").data, count_files(folder)) == (LARGE + b"wheel", 1)
    again.delete("b", "a")
    assert count_files(folder) == 0


def test_a_replaced_object_leaves_no_file(
    storage: FakeStorage, folder: Path, restart: Restart
) -> None:
    for number in range(3):
        storage.insert("b", "a", LARGE + bytes([number]))
    assert count_files(folder) == 1
    again = restart()
    assert again.get("b", "a").data == LARGE + b"\2"
    del storage, again  # the files stay when the process forgets the storage
    assert count_files(folder) == 1


def test_a_refused_write_leaves_no_file(storage: FakeStorage, folder: Path) -> None:
    storage.insert("b", "a", LARGE + b"1")
    with pytest.raises(StorageError, match="412"):
        storage.insert("b", "a", LARGE + b"2", preconditions=Preconditions(generation_match=0))
    assert count_files(folder) == 1


def test_the_rest_of_a_killed_process_is_deleted(folder: Path, restart: Restart) -> None:
    restart()
    rest = folder / "contents" / "ab" / "abcdef"
    rest.write_bytes(b"without a row")
    restart()
    assert not rest.exists()


def test_an_object_without_its_bytes_is_left_out_and_named(
    storage: FakeStorage, folder: Path, restart: Restart, caplog: pytest.LogCaptureFixture
) -> None:
    storage.insert("b", "lost", LARGE + b"12345")
    (path,) = (path for path in (folder / "contents").rglob("*") if path.is_file())
    storage.insert("b", "kept", LARGE + b"12345678")
    path.write_bytes(b"123")  # as after a loss of power
    with caplog.at_level(logging.ERROR):
        again = restart()
    assert [version.name for version in again.list("b").items] == ["kept"]
    assert caplog.messages == [f"gs://b/lost is lost: its {MAX_SIZE + 5} bytes are not on disk"]


def test_a_new_object_replaces_a_lost_one(
    storage: FakeStorage, folder: Path, restart: Restart, caplog: pytest.LogCaptureFixture
) -> None:
    storage.insert("b", "a", LARGE + b"12345")
    (path,) = (path for path in (folder / "contents").rglob("*") if path.is_file())
    path.unlink()
    restart().insert("b", "a", b"new")
    caplog.clear()
    assert restart().get("b", "a").data == b"new"
    assert caplog.messages == []


@pytest.mark.parametrize("end", [b"", LARGE], ids=["small", "large"])
def test_a_killed_process_loses_no_confirmed_change(
    storage: FakeStorage, folder: Path, tmp_path: Path, end: bytes
) -> None:
    changes: list[Callable[[], object]] = [
        lambda: storage.insert("b", "a", b"1" + end),
        lambda: storage.insert("b", "a", b"2" + end),
        lambda: storage.rewrite(RewriteSource("b", "a"), "versioned", "c"),
        lambda: storage.insert("versioned", "c", b"3" + end),
        lambda: storage.patch("b", "a", {"metadata": {"x": "y"}}),
        lambda: storage.delete("b", "a"),
        lambda: storage.delete("versioned", "c"),
    ]
    for number, change in enumerate(changes):
        change()
        left = tmp_path / f"left-{number}"  # the files of the open database
        shutil.copytree(folder, left)
        with closing(DiskBackend(left)) as backend:
            again = FakeStorage(backend=backend)
            for bucket in ("b", "versioned"):
                assert list_all(again, bucket) == list_all(storage, bucket)


def test_a_full_disk_is_an_error_and_the_object_is_as_before(
    storage: FakeStorage, folder: Path, restart: Restart
) -> None:
    kept = storage.insert("b", "a", LARGE + b"1")
    shutil.rmtree(folder / "contents")
    with pytest.raises(StorageError, match="500 backendError: The change is not kept"):
        storage.insert("b", "a", LARGE + b"2")
    assert storage.get("b", "a") == kept


def test_a_failure_of_the_database_undoes_the_change(folder: Path) -> None:
    backend = DiskBackend(folder)
    storage = FakeStorage(backend=backend)
    storage.create_bucket("b")
    kept = storage.insert("b", "a", LARGE + b"1")
    backend.close()
    for change in (
        lambda: storage.insert("b", "a", LARGE + b"2"),
        lambda: storage.insert("b", "new", LARGE + b"2"),
        lambda: storage.delete("b", "a"),
        lambda: storage.patch("b", "a", {"cacheControl": "x"}),
    ):
        with pytest.raises(StorageError, match="500 backendError"):
            change()
    assert storage.list("b").items == [kept]


def test_a_second_process_is_refused(folder: Path, restart: Restart) -> None:
    restart()
    with pytest.raises(LocalError, match=r"objects\.sqlite3 cannot be opened \(database is locked"):
        DiskBackend(folder)


def test_a_part_of_a_file_is_read(storage: FakeStorage) -> None:
    content = storage.insert("b", "a", bytes(range(10)) + LARGE).content
    assert (content.size, content.read(3, 6)) == (MAX_SIZE + 10, b"\3\4\5")
