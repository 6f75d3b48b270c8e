"""The names of archive members: how they decode, which are safe, which are the same."""

import re
import unicodedata
from hashlib import blake2b

MAX_NAME_LENGTH = 512
"""In bytes of UTF-8."""

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
    return None


class Names:
    """The names so far; told apart only where every file system would."""

    def __init__(self) -> None:
        self._identities: set[bytes] = set()

    def add(self, name: str) -> bool:
        """Add a name, and say whether it was new."""
        identity = _identity(name)
        new = identity not in self._identities
        self._identities.add(identity)
        return new


def _identity(name: str) -> bytes:
    """Equal for names that some file system holds to be the same: 16 bytes, as names are many.

    Case and Unicode composition are folded, and a directory is what a file of that name would be.
    """
    folded = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
    return blake2b(unicodedata.normalize("NFC", folded).encode(), digest_size=16).digest()
