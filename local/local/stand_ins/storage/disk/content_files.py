"""Files with the bytes of objects.

Objects share a file after a rewrite. The file is deleted after its last object, at the end of the
last download. A file without a row in the database is the rest of a killed process.
"""

import secrets
import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class FileContent:
    """ObjectContent in a file."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        """Name of the file in its folder."""
        return self.path.name

    def read(self, start: int, end: int) -> bytes:
        """Return a part of the file."""
        with self.path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(end - start)


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
        with content.path.open("xb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
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
                deletion = weakref.finalize(content, content.path.unlink, missing_ok=True)
                deletion.atexit = True

    def find(self, name: str, size: int) -> FileContent | None:
        """Return the content of a file; None if it is absent or has another size."""
        content = self._found.get(name) or self._locate(name, size)
        self._found[name] = content
        try:
            return content if content.path.stat().st_size == size else None
        except FileNotFoundError:
            return None

    def delete_others(self) -> None:
        """Delete the files without a reference."""
        for path in self._folder.glob("??/*"):
            if path.name not in self._references:
                path.unlink()

    def _locate(self, name: str, size: int) -> FileContent:
        return FileContent(self._folder / name[:2] / name, size)
