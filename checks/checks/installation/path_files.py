"""Content of the `.pth` files of a wheel (module `site`), in bounded memory."""

import re
from typing import NamedTuple

from checks.installation.installed_paths import PREFIX, SITE, find_installed_path
from checks.policy import MIB

MAX_FILE_SIZE = 64 * 1024
"""Maximum size of a file that is read, in bytes."""
MAX_TOTAL_SIZE = 1 * MIB
"""Maximum size of all files that are read, in bytes."""
MAX_FILES = 1000
"""Maximum number of files that are read."""

_ABSOLUTE = re.compile(r"/|\\|[A-Za-z]:[\\/]")
_PARENT = re.compile(r"(?:^|[\\/])\.\.(?:[\\/]|$)")


class Line(NamedTuple):
    """Line of a `.pth` file."""

    number: int
    text: str

    @property
    def is_code(self) -> bool:
        """Whether Python executes the line when it starts."""
        return self.text.startswith(("import ", "import\t"))

    @property
    def is_foreign(self) -> bool:
        """Whether the line is a path out of site-packages."""
        return bool(_ABSOLUTE.match(self.text) or _PARENT.search(self.text))


class PathFiles:
    """Visitor that keeps the content of the `.pth` files that Python reads when it starts."""

    def __init__(self) -> None:
        self._files: dict[str, bytearray | None] = {}
        self._size = 0

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return the buffer for a `.pth` file within the limits, or None."""
        if not is_path_file(name):
            return None
        self._size += size
        is_small = size <= MAX_FILE_SIZE and self._size <= MAX_TOTAL_SIZE
        if not is_small or len(self._files) >= MAX_FILES:
            self._size -= size
            return None
        return self._files.setdefault(name, bytearray())

    def read_lines(self, name: str) -> list[Line] | None:
        """Return the lines of a `.pth` file, or None if it exceeds the limits."""
        content = self._files.get(name)
        return None if content is None else split_lines(bytes(content))


def is_path_file(name: str) -> bool:
    """Return whether Python reads the member as a `.pth` file, on some platform.

    Windows has a second directory for them, the prefix.
    """
    return name.endswith(".pth") and is_startup_place(name)


def is_startup_place(name: str) -> bool:
    """Return whether the member is directly in a directory of the module `site`."""
    place = find_installed_path(name)
    return place.directory in (SITE, PREFIX) and "/" not in place.path.removesuffix("/")


def split_lines(content: bytes) -> list[Line]:
    """Return the lines that count, by the rules of all versions of the module `site`.

    Since 3.13 it ignores a byte order mark, and splits lines at more characters than a line feed.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    lines = enumerate(text.splitlines(), start=1)
    return [Line(number, line) for number, line in lines if line.strip() and line[0] != "#"]
