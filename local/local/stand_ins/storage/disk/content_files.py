"""Files with the bytes of objects.

Objects share a file after a rewrite. The file is deleted after its last object, at the end of the
last download. A file without a row in the database is the rest of a killed process.
"""

import os
import secrets
import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class FileContent:
    """ObjectContent in a file."""

    folder: str
    name: str
    """Name of the file in ``folder``."""
    size: int

    @property
    def path(self) -> str:
        """Path of the file."""
        return f"{self.folder}/{self.name}"

    def read(self, start: int, end: int) -> bytes:
        """Return a part of the file."""
        file = os.open(self.path, os.O_RDONLY)
        try:
            return os.pread(file, end - start, start)
        finally:
            os.close(file)


class ContentFiles:
    """Folder of the files, in 256 subfolders by the first two digits of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._references = Counter[str]()
        # Objects with one file share its content, so that its last use is known.
        self._found = weakref.WeakValueDictionary[str, FileContent]()
        for number in range(256):
            (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def write(self, data: bytes) -> FileContent:
        """Write a new file. Its bytes survive the end of this process, not that of the machine.

        :raises OSError: if the disk does not take it.
        """
        content = self._locate(secrets.token_hex(16), len(data))
        # The system calls take half the CPU time of a file object.
        file = os.open(content.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        return content

    def refer(self, contents: Iterable[FileContent]) -> None:
        """Count a reference of an object to each file."""
        self._references.update(content.name for content in contents)

    def release(self, contents: Iterable[FileContent]) -> None:
        """Remove a reference to each file. Without references it is deleted at its last use."""
        for content in contents:
            self._references[content.name] -= 1
            if not self._references[content.name]:
                del self._references[content.name]
                deletion = weakref.finalize(content, Path(content.path).unlink, missing_ok=True)
                deletion.atexit = True

    def find(self, name: str, size: int) -> FileContent | None:
        """Return the content of a file; None if it is absent or has another size."""
        content = self._found.get(name) or self._locate(name, size)
        self._found[name] = content
        try:
            return content if os.stat(content.path).st_size == size else None
        except FileNotFoundError:
            return None

    def delete_others(self) -> None:
        """Delete the files without a reference."""
        for path in self._folder.glob("??/*"):
            if path.name not in self._references:
                path.unlink()

    def _locate(self, name: str, size: int) -> FileContent:
        return FileContent(f"{self._folder}/{name[:2]}", name, size)
