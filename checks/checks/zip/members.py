"""Facts of the members of an archive, in compact form for 100 000 members."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

_FACTS = Struct("<HHIQQQ32s")


class Member(NamedTuple):
    """Facts of one member from its local header, verified by its content."""

    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    sha256: bytes


class Members:
    """Members by the bytes of their name, in the order of the archive: 64 bytes plus the name."""

    def __init__(self) -> None:
        self._indexes: dict[bytes, int] = {}
        self._facts = bytearray()

    def __len__(self) -> int:
        return len(self._indexes)

    def __contains__(self, name: bytes) -> bool:
        return name in self._indexes

    def add(self, name: bytes, member: Member) -> None:
        """Add a member with a new name."""
        self._indexes[name] = len(self._indexes)
        self._facts += _FACTS.pack(*member)

    def iterate_names(self) -> Iterator[bytes]:
        """Iterate over the names, in the order of the archive."""
        return iter(self._indexes)

    def find_index(self, name: bytes) -> int | None:
        """Return the index of a member in the archive, or None."""
        return self._indexes.get(name)

    def __getitem__(self, index: int) -> Member:
        return Member._make(_FACTS.unpack_from(self._facts, index * _FACTS.size))
