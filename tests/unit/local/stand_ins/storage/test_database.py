"""Formats of the database: an earlier one is read and migrated, a newer one is refused."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from local.errors import LocalError
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.disk.database import FORMAT
from local.stand_ins.storage.disk.disk_backend import DiskBackend

FORMAT_1 = """
CREATE TABLE buckets (
    name TEXT PRIMARY KEY, created TEXT, versioning INTEGER, metageneration INTEGER
);
CREATE TABLE versions (
    bucket TEXT, name TEXT, generation INTEGER, file TEXT, size INTEGER, md5 TEXT, crc32c TEXT,
    attributes TEXT, created TEXT, updated TEXT, metageneration INTEGER, deleted TEXT
);
CREATE INDEX names ON versions (bucket, name);
CREATE TABLE counters (issued INTEGER);
PRAGMA user_version = 1;
INSERT INTO counters VALUES (2);
INSERT INTO buckets VALUES ('b', '2026-11-28T10:00:00+00:00', 1, 3);
INSERT INTO versions VALUES (
    'b', 'a', 1600000000000001, 'ab01', 3, 'bQ==', 'Yw==', '{"contentType": "x/y"}',
    '2026-11-28T10:00:01+00:00', '2026-11-28T10:00:02+00:00', 4, '2026-11-28T10:00:03+00:00'
);
INSERT INTO versions VALUES (
    'b', 'a', 1600000000000002, 'ab02', 3, 'bQ==', 'Yw==', '{}',
    '2026-11-28T10:00:03+00:00', '2026-11-28T10:00:03+00:00', 1, NULL
);
"""
"""Database of format 1 with a bucket, and an object with two versions."""


@pytest.fixture
def format_1(folder: Path) -> Path:
    """A folder of format 1; return its database, in the settings of that release."""
    (folder / "contents" / "ab").mkdir(parents=True)
    (folder / "contents" / "ab" / "ab01").write_bytes(b"old")
    (folder / "contents" / "ab" / "ab02").write_bytes(b"new")
    path = folder / "objects.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(FORMAT_1)
    return path


def test_the_objects_of_format_1_are_read_and_stay_in_files(
    format_1: Path, restart: Callable[[], FakeStorage]
) -> None:
    for storage in (restart(), restart()):
        assert storage.bucket("b").versioning
        old, live = storage.bucket("b").versions("a")
        assert (old.data, live.data) == (b"old", b"new")
        assert (old.generation, live.generation) == (1600000000000001, 1600000000000002)
        assert (old.attributes.content_type, old.metageneration) == ("x/y", 4)
    files = (format_1.parent / "contents").rglob("*")
    assert sorted(path.name for path in files if path.is_file()) == ["ab01", "ab02"]


def test_a_migrated_database_takes_new_objects(
    format_1: Path, restart: Callable[[], FakeStorage]
) -> None:
    new = restart().insert("b", "a", b"newer")
    storage = restart()
    assert [version.data for version in storage.bucket("b").versions("a")] == [
        b"old",
        b"new",
        b"newer",
    ]
    assert storage.get("b", "a").generation == new.generation
    for version in storage.bucket("b").versions("a"):
        storage.delete("b", "a", version.generation)
    assert restart().bucket("b").versions("a") == ()


def test_a_migration_is_complete_or_changes_nothing(format_1: Path) -> None:
    with closing(sqlite3.connect(format_1)) as database:
        database.execute("UPDATE versions SET file = NULL")  # no row of format 2
        database.commit()
        before = list(database.iterdump())
    with pytest.raises(LocalError, match="cannot be opened"):
        DiskBackend(format_1.parent)
    with closing(sqlite3.connect(format_1)) as database:
        assert list(database.iterdump()) == before
        assert database.execute("PRAGMA user_version").fetchone() == (1,)


def test_the_format_of_a_newer_release_is_refused(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "objects.sqlite3")) as database:
        database.execute(f"PRAGMA user_version={FORMAT + 1}")
    with pytest.raises(LocalError, match="was written by a newer release: use that one, or delete"):
        DiskBackend(folder)
