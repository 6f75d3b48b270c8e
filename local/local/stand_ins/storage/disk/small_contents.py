"""Small contents of objects, in rows of the database.

A small row takes less CPU time than a file. It is written in the transaction of its first version,
and deleted in that of its last one. So each row has a version, and a transaction that fails changes
nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from local.stand_ins.storage.disk.database import Database
from local.stand_ins.storage.objects import Version

MAX_SIZE = 16 * 1024
"""Largest content in the database, in bytes.

Reads of rows up to 100 kB are faster than those of files
(https://www.sqlite.org/intern-v-extern-blob.html). The limit is lower, because SQLite writes a row
twice: to the write-ahead log, and to the table."""


@dataclass(slots=True, eq=False)
class SmallContent:
    """ObjectContent in a row of the database.

    Objects share it after a rewrite. Any thread can read it: the lock of the database covers each
    change of the row together with that of ``data`` and ``references``.
    """

    id: int
    """Id of the row. No other content of this process has it."""
    size: int
    database: Database = field(repr=False)
    data: bytes | None = field(repr=False)
    """All bytes while there is no row: before the first save, and after the deletion.

    A download can need the bytes of a deleted object."""
    references: int = 0
    """Number of the versions that have this content."""

    def read(self, start: int, end: int) -> bytes:
        """Return a part of the bytes."""
        with self.database.lock:
            data = self.database.read_content(self.id) if self.data is None else self.data
        return data[start:end]


class SmallContents:
    """Contents in one database, with their references."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = count(database.read_last_content() + 1)

    def load(self) -> Mapping[int, SmallContent]:
        """Return the contents of all rows by id, without a reference."""
        return {
            number: SmallContent(number, size, self._database, None)
            for number, size in self._database.list_contents()
        }

    def make(self, data: bytes) -> SmallContent:
        """Return a new content in memory."""
        return SmallContent(next(self._ids), len(data), self._database, data)

    @contextmanager
    def change(self, before: Iterable[Version], after: Iterable[Version]) -> Iterator[None]:
        """Open a transaction that replaces the versions ``before`` by those ``after``.

        The block writes the rows of the versions in it. After an error in the block or in the
        transaction, rows, references and bytes are as before.
        """
        steps = _count_steps(before, after)
        with self._database.lock:
            with self._database.begin():
                old = [content for content, step in steps.items() if content.references == -step]
                new = [content for content in steps if content.data is not None]
                for content in new:
                    self._database.insert_content(content.id, content.read(0, content.size))
                kept = [self._database.take_content(content.id) for content in old]
                yield
            for content in new:
                content.data = None
            for content, data in zip(old, kept, strict=True):
                content.data = data
            for content, step in steps.items():
                content.references += step


def _count_steps(before: Iterable[Version], after: Iterable[Version]) -> Mapping[SmallContent, int]:
    """Return the contents with another number of versions, with the difference."""
    steps: dict[SmallContent, int] = {}
    for versions, step in ((after, 1), (before, -1)):
        for version in versions:
            content = version.content
            if isinstance(content, SmallContent):
                steps[content] = steps.get(content, 0) + step
    return {content: step for content, step in steps.items() if step}
