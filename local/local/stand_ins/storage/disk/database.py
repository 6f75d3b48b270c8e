"""Database with the buckets and the versions of the objects, in one file of SQLite.

Each change is a transaction, which survives the end of the process. After the end of the machine
the last ones can be missing (``synchronous=NORMAL``).
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from local.errors import LocalError
from local.stand_ins.storage.buckets import BucketState
from local.stand_ins.storage.disk.content_files import FileContent
from local.stand_ins.storage.objects import Attributes, Hashes, Version

FORMAT = 1
"""Version of the tables."""

_TABLES = """
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
"""

VersionRow = tuple[str, str, int, str, int, str, str, str, str, str, int, str | None]
"""A row of the table ``versions``."""


class Database:
    """Open database.

    :raises LocalError: if another process has it open, or a newer release has written it.
    """

    def __init__(self, path: Path) -> None:
        # The state machine serialises all calls by its lock.
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
        if found == 0:
            self._connection.executescript(
                f"BEGIN EXCLUSIVE; {_TABLES} PRAGMA user_version={FORMAT}; COMMIT;"
            )

    def close(self) -> None:
        """Close the database. It is complete without that, too."""
        self._connection.close()

    def read_issued(self) -> int:
        """Return the number of the generations so far."""
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
        yield from self._connection.execute("SELECT * FROM versions ORDER BY rowid")

    def save_bucket(self, bucket: BucketState) -> None:
        """Write the row of a bucket."""
        row = (bucket.name, bucket.created.isoformat(), bucket.versioning, bucket.metageneration)
        self._connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?)", row)

    def delete_bucket(self, name: str) -> None:
        """Delete the rows of a bucket and of its objects."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._connection.execute("DELETE FROM versions WHERE bucket = ?", (name,))
            self._connection.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def replace_versions(
        self, bucket: str, name: str, rows: Sequence[VersionRow], issued: int
    ) -> None:
        """Replace the rows of an object by others."""
        with self._connection:  # commits, or rolls back after an error
            self._connection.execute("BEGIN")
            self._connection.execute(
                "DELETE FROM versions WHERE bucket = ? AND name = ?", (bucket, name)
            )
            self._connection.executemany(
                "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
            self._connection.execute("UPDATE counters SET issued = ?", (issued,))


def encode_version(version: Version, content: FileContent) -> VersionRow:
    """Return the row of a version."""
    return (
        version.bucket,
        version.name,
        version.generation,
        content.name,
        content.size,
        version.hashes.md5,
        version.hashes.crc32c,
        json.dumps(version.attributes.resource()),
        version.created.isoformat(),
        version.updated.isoformat(),
        version.metageneration,
        None if version.deleted is None else version.deleted.isoformat(),
    )


def decode_version(row: VersionRow, content: FileContent) -> Version:
    """Return the version of a row."""
    bucket, name, generation, _, _, md5, crc32c, attributes, created, updated, number, deleted = row
    return Version(
        bucket=bucket,
        name=name,
        generation=generation,
        content=content,
        hashes=Hashes(md5, crc32c),
        attributes=Attributes.from_resource(json.loads(attributes)),
        created=datetime.fromisoformat(created),
        updated=datetime.fromisoformat(updated),
        metageneration=number,
        deleted=None if deleted is None else datetime.fromisoformat(deleted),
    )
