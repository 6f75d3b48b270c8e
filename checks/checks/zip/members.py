"""What was seen of each member of an archive, kept small: there may be a hundred thousand."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

_FACTS = Struct("<HHIQQQ32s")


class Member(NamedTuple):
    """The facts of one member: as its local header declares them, proved by its content."""

    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    offset: int
    sha256: bytes


class Members:
    """Members by the bytes of their name, in the order of the archive; 64 bytes and a name each."""

    def __init__(self) -> None:
        self._indexes: dict[bytes, int] = {}
        self._facts = bytearray()

    def __len__(self) -> int:
        return len(self._indexes)

    def __contains__(self, name: bytes) -> bool:
        return name in self._indexes

    def add(self, name: bytes, member: Member) -> None:
        """Add a member whose name is new."""
        self._indexes[name] = len(self._indexes)
        self._facts += _FACTS.pack(*member)

    def names(self) -> Iterator[bytes]:
        """The names, in the order of the archive."""
        return iter(self._indexes)

    def index(self, name: bytes) -> int | None:
        """The place of that member in the archive, if it is there."""
        return self._indexes.get(name)

    def __getitem__(self, index: int) -> Member:
        return Member._make(_FACTS.unpack_from(self._facts, index * _FACTS.size))
