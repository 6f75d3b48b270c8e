"""The names of archive members: how they decode, which are safe, which are the same."""

import re
import unicodedata
from hashlib import blake2b

MAX_NAME_LENGTH = 512
"""In bytes of UTF-8."""
MAX_COMPONENT_LENGTH = 255
"""In bytes of UTF-8; no common file system keeps a longer one."""
MAX_DIRECTORIES = 100_000
"""That the paths of an archive may lead through. Each costs memory here, and an inode later."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def shown(name: bytes | str) -> str:
    """The name as it is safe to put into a sentence."""
    text = name if isinstance(name, str) else name.decode("utf-8", "backslashreplace")
    return ascii(text if len(text) <= MAX_NAME_LENGTH else text[:MAX_NAME_LENGTH] + "…")


def objection_to_name(raw: bytes) -> str | None:
    """Why the name cannot be read the same by everybody, if so."""
    if len(raw) > MAX_NAME_LENGTH:
        return f"the name has {len(raw)} bytes, more than {MAX_NAME_LENGTH}"
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "the name is not UTF-8"
    if _CONTROL.search(name):
        return "the name holds control characters"
    return None


def objection_to_path(name: str) -> str | None:
    """Why the name would lead out of the directory it is unpacked in, if so.

    A single trailing slash is how a directory entry is written, and is fine.
    """
    if "\\" in name:
        return "the path holds a backslash"
    if name.startswith("/"):
        return "the path is absolute"
    if _DRIVE.match(name):
        return "the path starts with a drive letter"
    components = name.removesuffix("/").split("/")
    if ".." in components or "." in components:
        return "the path has a `.` or `..` component"
    if "" in components:
        return "the path has an empty component"
    if any(len(component.encode()) > MAX_COMPONENT_LENGTH for component in components):
        return f"the path has a component of more than {MAX_COMPONENT_LENGTH} bytes"
    return None


class Names:
    """The names so far; told apart only where every file system would."""

    def __init__(self) -> None:
        self._files: set[bytes] = set()
        self._entries: set[bytes] = set()
        self._directories: set[bytes] = set()

    def add(self, name: str) -> str | None:
        """Add a name; answers with why it cannot stand beside the others, if so."""
        folded = _folded(name)
        identity, is_file = _identity(folded), not name.endswith("/")
        if identity in self._files or identity in self._entries:
            return "another member has that name, or one that some systems hold the same"
        if is_file and identity in self._directories:
            return "another member's path leads through it, and it is a file"
        (self._files if is_file else self._entries).add(identity)
        return self._add_directories_of(folded)

    def _add_directories_of(self, folded: bytes) -> str | None:
        """From the innermost outwards, as far as they are new."""
        while (cut := folded.rfind(b"/")) >= 0:
            folded = folded[:cut]
            if (directory := _identity(folded)) in self._directories:
                return None
            if directory in self._files:
                return "its path leads through another member that is a file"
            self._directories.add(directory)
            if len(self._directories) > MAX_DIRECTORIES:
                return f"the paths lead through more than {MAX_DIRECTORIES} directories"
        return None


def _folded(name: str) -> bytes:
    """Equal for names that some file system holds to be the same.

    Case and Unicode composition are folded, and a directory is what a file of that name would be.
    Neither folding makes or joins a `/`, so what stands before one is folded as it would be alone.
    """
    name = name.removesuffix("/")
    if name.isascii():
        return name.lower().encode()
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded).encode()


def _identity(folded: bytes) -> bytes:
    """16 bytes, as names are many."""
    return blake2b(folded, digest_size=16).digest()
