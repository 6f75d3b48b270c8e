"""Database with the buckets, the versions of the objects and the small contents, in one file.

Each change is a transaction of SQLite, which survives the end of the process. After the end of the
machine the last ones can be missing (``synchronous=NORMAL``).
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, cast

from local.errors import LocalError
from local.stand_ins.storage.buckets import BucketState

_FORMATS = (
    """
CREATE TABLE buckets (
    name TEXT PRIMARY KEY, created TEXT, versioning INTEGER, metageneration INTEGER
);
CREATE TABLE versions (
    bucket TEXT, name TEXT, generation INTEGER, file TEXT, size INTEGER, md5 TEXT, crc32c TEXT,
    attributes TEXT, created TEXT, updated TEXT, metageneration INTEGER, deleted TEXT
);
CREATE INDEX names ON versions (bucket, name);
CREATE TABLE counters (issued INTEGER);
INSERT INTO counters VALUES (0);
""",
    """
CREATE TABLE contents (id INTEGER PRIMARY KEY, data BLOB);
ALTER TABLE versions ADD COLUMN content INTEGER CHECK ((file IS NULL) <> (content IS NULL));
""",
)
"""Statements that make each format of the tables from the one before."""

FORMAT = len(_FORMATS)
"""Version of the tables."""


class VersionRow(NamedTuple):
    """Row of the table ``versions``."""

    bucket: str
    name: str
    generation: int
    file: str | None
    size: int
    md5: str
    crc32c: str
    attributes: str
    created: str
    updated: str
    metageneration: int
    deleted: str | None
    content: int | None
    """Row of the table ``contents``; exactly one of ``file`` and ``content`` is set."""


_INSERT = "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# Without the columns of the index, which stays as it is.
_UPDATE = """
UPDATE versions SET generation = ?, file = ?, size = ?, md5 = ?, crc32c = ?, attributes = ?,
    created = ?, updated = ?, metageneration = ?, deleted = ?, content = ?
WHERE bucket = ? AND name = ?
"""


class Database:
    """Open database.

    Several threads use it: responses and tests read contents without the lock of the state machine.
    So each change, and each read of a content, holds ``lock``: SQLite has one call at a time, and a
    read sees no half of a change. All other reads are those of the start, in one thread.

    :raises LocalError: if another process has it open, or a newer release has written it.
    """

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=1, isolation_level=None, check_same_thread=False
        )
        try:
            self._open(path)
        except LocalError:
            self.close()
            raise
        except sqlite3.Error as error:
            self.close()
            raise LocalError(
                f"{path} cannot be opened ({error}): stop the process that uses it, or delete "
                f"{path.parent} to start with empty buckets"
            ) from error

    def _open(self, path: Path) -> None:
        for setting in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL"):
            self._connection.execute(f"PRAGMA {setting}")
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found > FORMAT:
            raise LocalError(
                f"{path} was written by a newer release: use that one, or delete {path.parent} to "
                "start with empty buckets"
            )
        if found < FORMAT:
            steps = "".join(_FORMATS[found:])
            self._connection.executescript(
                f"BEGIN EXCLUSIVE; {steps} PRAGMA user_version={FORMAT}; COMMIT;"
            )

    def close(self) -> None:
        """Close the database. It is complete without that, too."""
        with self.lock:
            self._connection.close()

    def read_issued(self) -> int:
        """Return the number of the generations that a new process must not issue."""
        (issued,) = self._connection.execute("SELECT issued FROM counters").fetchone()
        return int(issued)

    def list_buckets(self) -> Iterator[BucketState]:
        """Yield the buckets, without objects."""
        for name, created, versioning, metageneration in self._connection.execute(
            "SELECT name, created, versioning, metageneration FROM buckets ORDER BY rowid"
        ):
            moment = datetime.fromisoformat(created)
            yield BucketState(name, moment, bool(versioning), metageneration)

    def list_versions(self) -> Iterator[VersionRow]:
        """Yield the rows of all versions; those of a name from the oldest to the newest."""
        for row in self._connection.execute("SELECT * FROM versions ORDER BY rowid"):
            yield VersionRow._make(row)

    def list_contents(self) -> Iterator[tuple[int, int]]:
        """Yield the id and the size of each content."""
        yield from self._connection.execute("SELECT id, length(data) FROM contents")

    def read_last_content(self) -> int:
        """Return the largest id of a content, with those of lost rows; 0 if there is none."""
        (last,) = self._connection.execute(
            "SELECT max(id) FROM (SELECT id FROM contents UNION ALL SELECT content FROM versions)"
        ).fetchone()
        return last or 0

    def save_bucket(self, bucket: BucketState) -> None:
        """Write the row of a bucket."""
        row = (bucket.name, bucket.created.isoformat(), bucket.versioning, bucket.metageneration)
        with self.lock:
            self._connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)", row)

    def read_content(self, number: int) -> bytes:
        """Return the bytes of a row of ``contents``; the caller has the lock."""
        query = "SELECT data FROM contents WHERE id = ?"
        (data,) = self._connection.execute(query, (number,)).fetchone()
        return cast(bytes, data)

    def begin(self) -> sqlite3.Connection:
        """Begin a transaction; the caller has the lock.

        :returns: context manager that commits it, or rolls it back after an error. The methods
            below are for its block.
        """
        self._connection.execute("BEGIN")
        return self._connection

    def insert_content(self, number: int, data: bytes) -> None:
        """Write a row of ``contents``."""
        self._connection.execute("INSERT INTO contents VALUES (?, ?)", (number, data))

    def take_content(self, number: int) -> bytes:
        """Delete a row of ``contents`` and return its bytes."""
        data = self.read_content(number)
        self._connection.execute("DELETE FROM contents WHERE id = ?", (number,))
        return data

    def delete_bucket(self, name: str) -> None:
        """Delete the rows of a bucket and of its objects."""
        self._connection.execute("DELETE FROM versions WHERE bucket = ?", (name,))
        self._connection.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def replace_versions(
        self, bucket: str, name: str, rows: Sequence[VersionRow], before: int | None
    ) -> None:
        """Replace the rows of an object by others.

        :param before: number of its rows so far, which saves a statement; None: unknown.
        """
        if before == 1 and len(rows) == 1:
            self._connection.execute(_UPDATE, (*rows[0][2:], bucket, name))
            return
        if before != 0:
            self._connection.execute(
                "DELETE FROM versions WHERE bucket = ? AND name = ?", (bucket, name)
            )
        self._connection.executemany(_INSERT, rows)

    def save_issued(self, issued: int) -> None:
        """Write the number of the generations that a new process must not issue."""
        self._connection.execute("UPDATE counters SET issued = ?", (issued,))
