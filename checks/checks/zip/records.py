"""The records of a ZIP archive as PKWARE's APPNOTE 6.3.10 lays them out: bytes to values.

Section numbers in this module are the APPNOTE's. Every function takes a record without its
signature, and refuses as `zip-structure` what does not fit into itself; what records have to do
with one another is for the walk to judge.
"""

import zlib
from struct import Struct
from typing import NamedTuple, Never

from checks.refusal import Reason, Refused

LOCAL_HEADER = b"PK\x03\x04"
CENTRAL_HEADER = b"PK\x01\x02"
ZIP64_END = b"PK\x06\x06"
ZIP64_LOCATOR = b"PK\x06\x07"
END = b"PK\x05\x06"

ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13
"""Encryption, strong encryption, masked header values (4.4.4)."""
DATA_DESCRIPTOR = 1 << 3
UTF8 = 1 << 11
HARMLESS = 1 << 1 | 1 << 2 | UTF8
"""Bits 1 and 2 only say how hard the deflater tried."""

NEWEST = 63
"""The version of the APPNOTE (6.3) that readers know at most (4.4.3)."""

STORED = 0
DEFLATED = 8

IN_ZIP64 = 0xFFFF_FFFF
"""The value is in the ZIP64 extended information extra field (4.5.3)."""
IN_ZIP64_SHORT = 0xFFFF

_ZIP64_FIELD = 0x0001
_UNICODE_PATH_FIELD = 0x7075

_LOCAL = Struct("<HHH4xIIIHH")
_CENTRAL = Struct("<2xHHH4xIIIHHHH2xII")
_ZIP64_END = Struct("<Q4xIIQQQQ")
_ZIP64_LOCATOR = Struct("<IQI")
_END = Struct("<HHHHIIH")
LOCAL_SIZE, CENTRAL_SIZE = _LOCAL.size, _CENTRAL.size
ZIP64_END_SIZE, ZIP64_LOCATOR_SIZE, END_SIZE = _ZIP64_END.size, _ZIP64_LOCATOR.size, _END.size


class LocalHeader(NamedTuple):
    """4.3.7; sizes as written, so possibly `IN_ZIP64`."""

    needed: int
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    name_length: int
    extra_length: int


class CentralHeader(NamedTuple):
    """4.3.12; sizes and offset as written, so possibly `IN_ZIP64`."""

    needed: int
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    name_length: int
    extra_length: int
    comment_length: int
    disk: int
    attributes: int
    offset: int


class Zip64End(NamedTuple):
    """4.3.14; `record_size` counts what follows it."""

    record_size: int
    disk: int
    directory_disk: int
    entries_on_disk: int
    entries: int
    directory_size: int
    directory_offset: int


class Zip64Locator(NamedTuple):
    """4.3.15."""

    disk: int
    offset: int
    disks: int


class End(NamedTuple):
    """4.3.16; values as written, so possibly held by the ZIP64 record instead."""

    disk: int
    directory_disk: int
    entries_on_disk: int
    entries: int
    directory_size: int
    directory_offset: int
    comment_length: int


def local_header(data: bytes) -> LocalHeader:
    """Read a local file header."""
    return LocalHeader._make(_LOCAL.unpack(data))


def central_header(data: bytes) -> CentralHeader:
    """Read a central directory header."""
    return CentralHeader._make(_CENTRAL.unpack(data))


def zip64_end(data: bytes) -> Zip64End:
    """Read a ZIP64 end of central directory record."""
    return Zip64End._make(_ZIP64_END.unpack(data))


def zip64_locator(data: bytes) -> Zip64Locator:
    """Read a ZIP64 end of central directory locator."""
    return Zip64Locator._make(_ZIP64_LOCATOR.unpack(data))


def end(data: bytes) -> End:
    """Read an end of central directory record."""
    return End._make(_END.unpack(data))


def zip64_field(extra: bytes, name: bytes, where: str) -> bytes | None:
    """The ZIP64 extended information among the extra fields, which have to add up (4.5.1).

    None may be there twice: readers take the first, the last, or none of the file at all (uv).

    A Unicode Path (4.6.9) may stand beside it as long as it repeats the name.
    """
    found: dict[int, bytes] = {}
    at = 0
    while at < len(extra):
        kind, length = _short(extra, at), _short(extra, at + 2)
        start, at = at + 4, at + 4 + length
        if at > len(extra):
            malformed(where, "an extra field is longer than the room for it")
        if kind in found:
            malformed(where, f"the extra field 0x{kind:04x} is there twice")
        found[kind] = extra[start:at]
    unicode_path = b"\x01" + zlib.crc32(name).to_bytes(4, "little") + name
    if found.get(_UNICODE_PATH_FIELD, unicode_path) != unicode_path:
        malformed(where, "the Unicode Path extra field (0x7075) gives another name")
    return found.get(_ZIP64_FIELD)


def local_sizes(header: LocalHeader, zip64: bytes | None, where: str) -> tuple[int, int]:
    """Packed and unpacked size; a local ZIP64 field holds both, always (4.5.3).

    So the header refers to it for both or for neither; uv takes no other.
    """
    if zip64 is None:
        if IN_ZIP64 in (header.packed, header.unpacked):
            malformed(where, "a size refers to a ZIP64 extra field that is not there")
        return header.packed, header.unpacked
    if len(zip64) != 16:
        malformed(where, f"its ZIP64 extra field has {len(zip64)} bytes instead of 16")
    if (header.packed == IN_ZIP64) != (header.unpacked == IN_ZIP64):
        malformed(where, "its header refers to its ZIP64 extra field for one size only")
    unpacked, packed = _long(zip64, 0), _long(zip64, 8)
    if header.packed not in (IN_ZIP64, packed) or header.unpacked not in (IN_ZIP64, unpacked):
        malformed(where, "the sizes in its header are not those of its ZIP64 extra field")
    return packed, unpacked


def central_values(header: CentralHeader, zip64: bytes | None, where: str) -> tuple[int, int, int]:
    """Packed size, unpacked size, offset; a central ZIP64 field holds what is missing (4.5.3)."""
    missing = (header.unpacked, header.packed, header.offset).count(IN_ZIP64)
    if zip64 is None and not missing:
        return header.packed, header.unpacked, header.offset
    if zip64 is None or len(zip64) != 8 * missing:
        malformed(where, "its ZIP64 extra field does not hold what its central header refers to")
    values = iter(_long(zip64, at) for at in range(0, len(zip64), 8))
    unpacked = next(values) if header.unpacked == IN_ZIP64 else header.unpacked
    packed = next(values) if header.packed == IN_ZIP64 else header.packed
    offset = next(values) if header.offset == IN_ZIP64 else header.offset
    return packed, unpacked, offset


def expect_known(needed: int, where: str) -> None:
    """Refuse what asks for a newer reader than there is; some readers heed that, some do not."""
    if needed > NEWEST:
        malformed(where, f"it needs version {needed} of the format, {NEWEST} is the newest")


def malformed(where: str, what: str) -> Never:
    """Refuse what readers could understand in different ways."""
    raise Refused(Reason.ZIP_STRUCTURE, f"{where}: {what}")


def _short(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _long(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")
