"""Names of archive members: decoding, safety and uniqueness."""

import re
import unicodedata
from hashlib import blake2b

MAX_NAME_LENGTH = 512
"""Maximum length of a name, in bytes of UTF-8."""
MAX_COMPONENT_LENGTH = 255
"""Maximum length of a path component, in bytes of UTF-8.

No common file system stores a longer one.
"""
MAX_DIRECTORIES = 100_000
"""Maximum number of directories in the paths of an archive.

Each one costs memory here, and an inode when it is installed.
"""
RENAME = "Rename the member."
"""Remedy for the faults of names and paths."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def quote_name(name: bytes | str) -> str:
    """Return the name in a form that is safe in a message."""
    text = name if isinstance(name, str) else name.decode("utf-8", "backslashreplace")
    return ascii(text if len(text) <= MAX_NAME_LENGTH else text[:MAX_NAME_LENGTH] + "…")


def find_name_fault(raw: bytes) -> str | None:
    """Return the fault in the encoding of a name, or None."""
    if len(raw) > MAX_NAME_LENGTH:
        return f"the name has {len(raw)} bytes; the limit is {MAX_NAME_LENGTH}"
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        return "the name is not UTF-8"
    if _CONTROL.search(name):
        return "the name contains control characters"
    return None


def find_path_fault(name: str) -> str | None:
    """Return the fault that makes a path unsafe to unpack, or None.

    A single trailing slash is allowed: it marks a directory entry.
    """
    if "\\" in name:
        return "the path contains a backslash"
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


class MemberNames:
    """Set of member names that are different on every file system."""

    def __init__(self) -> None:
        self._files: set[bytes] = set()
        self._entries: set[bytes] = set()
        self._directories: set[bytes] = set()

    def add(self, name: str) -> str | None:
        """Add a name; return its conflict with another name, or None."""
        folded = fold_name(name)
        identity, is_file = _hash(folded), not name.endswith("/")
        if identity in self._files or identity in self._entries:
            return "another member has that name, or a name that is the same on some file systems"
        if is_file and identity in self._directories:
            return "it is a file, but the path of another member leads through it"
        (self._files if is_file else self._entries).add(identity)
        return self._add_parents(folded)

    def _add_parents(self, folded: bytes) -> str | None:
        """Add the directories of a path, from the innermost one to the first known one."""
        while (cut := folded.rfind(b"/")) >= 0:
            folded = folded[:cut]
            if (directory := _hash(folded)) in self._directories:
                return None
            if directory in self._files:
                return "its path leads through another member that is a file"
            self._directories.add(directory)
            if len(self._directories) > MAX_DIRECTORIES:
                return f"the paths lead through more than {MAX_DIRECTORIES} directories"
        return None


def fold_name(name: str) -> bytes:
    """Return a key that is equal for names that are the same on some file system.

    Case and Unicode composition are folded, and the trailing slash of a directory is removed.
    Folding neither adds nor removes a `/`, so the key of a parent is a prefix of the key.
    """
    name = name.removesuffix("/")
    if name.isascii():
        return name.lower().encode()
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded).encode()


def _hash(folded: bytes) -> bytes:
    """Return a digest of 16 bytes, to save memory with many names."""
    return blake2b(folded, digest_size=16).digest()
