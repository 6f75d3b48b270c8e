"""Parsing of ZIP structures: headers and end records by PKWARE's APPNOTE 6.3.10.

Section numbers in this module are those of the APPNOTE. Functions take a structure without its
signature, and refuse a malformed one as `zip-structure`. The reader compares the structures.
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
"""Accepted flags. Bits 1 and 2 are only the compression level."""

NEWEST = 63
"""Newest version of the APPNOTE (6.3) that readers support (4.4.3)."""

STORED = 0
DEFLATED = 8

IN_ZIP64 = 0xFFFF_FFFF
"""Placeholder for a value in the ZIP64 extended information extra field (4.5.3)."""
IN_ZIP64_SHORT = 0xFFFF

REBUILD = "Build the wheel again with a current back end, and do not edit it."
"""Remedy for the faults of the archive."""

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
    """Local file header (4.3.7). Its sizes can be `IN_ZIP64`."""

    needed: int
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    name_length: int
    extra_length: int


class CentralHeader(NamedTuple):
    """Central directory header (4.3.12). Its sizes and its offset can be `IN_ZIP64`."""

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
    """ZIP64 end of central directory record (4.3.14).

    `record_size` is the number of bytes after that field.
    """

    record_size: int
    disk: int
    directory_disk: int
    entries_on_disk: int
    entries: int
    directory_size: int
    directory_offset: int


class Zip64Locator(NamedTuple):
    """ZIP64 end of central directory locator (4.3.15)."""

    disk: int
    offset: int
    disks: int


class EndRecord(NamedTuple):
    """End of central directory record (4.3.16). Its values can be placeholders for ZIP64."""

    disk: int
    directory_disk: int
    entries_on_disk: int
    entries: int
    directory_size: int
    directory_offset: int
    comment_length: int


def parse_local_header(data: bytes) -> LocalHeader:
    """Parse a local file header."""
    return LocalHeader._make(_LOCAL.unpack(data))


def parse_central_header(data: bytes) -> CentralHeader:
    """Parse a central directory header."""
    return CentralHeader._make(_CENTRAL.unpack(data))


def parse_zip64_end(data: bytes) -> Zip64End:
    """Parse a ZIP64 end of central directory record."""
    return Zip64End._make(_ZIP64_END.unpack(data))


def parse_zip64_locator(data: bytes) -> Zip64Locator:
    """Parse a ZIP64 end of central directory locator."""
    return Zip64Locator._make(_ZIP64_LOCATOR.unpack(data))


def parse_end(data: bytes) -> EndRecord:
    """Parse an end of central directory record."""
    return EndRecord._make(_END.unpack(data))


def find_zip64_field(extra: bytes, name: bytes, where: str) -> bytes | None:
    """Return the ZIP64 extended information among the extra fields (4.5.1), or None.

    No field can be there twice: readers use the first or the last one, and uv refuses the file.
    A Unicode Path (4.6.9) has to repeat the name.
    """
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(extra):
        kind, length = _read_uint16(extra, at), _read_uint16(extra, at + 2)
        start, at = at + 4, at + 4 + length
        if at > len(extra):
            refuse_structure(where, "an extra field is longer than the room for it")
        if kind in fields:
            refuse_structure(where, f"the extra field 0x{kind:04x} is there twice")
        fields[kind] = extra[start:at]
    unicode_path = b"\x01" + zlib.crc32(name).to_bytes(4, "little") + name
    if fields.get(_UNICODE_PATH_FIELD, unicode_path) != unicode_path:
        refuse_structure(where, "the Unicode Path extra field (0x7075) gives another name")
    return fields.get(_ZIP64_FIELD)


def resolve_local_sizes(header: LocalHeader, zip64: bytes | None, where: str) -> tuple[int, int]:
    """Return packed and unpacked size.

    A local ZIP64 field always has both sizes (4.5.3). The header has to refer to it for both or for
    neither; uv refuses other files.
    """
    if zip64 is None:
        if IN_ZIP64 in (header.packed, header.unpacked):
            refuse_structure(where, "a size refers to a ZIP64 extra field that is not there")
        return header.packed, header.unpacked
    if len(zip64) != 16:
        refuse_structure(where, f"its ZIP64 extra field has {len(zip64)} bytes instead of 16")
    if (header.packed == IN_ZIP64) != (header.unpacked == IN_ZIP64):
        refuse_structure(where, "its header refers to its ZIP64 extra field for one size only")
    unpacked, packed = _read_uint64(zip64, 0), _read_uint64(zip64, 8)
    if header.packed not in (IN_ZIP64, packed) or header.unpacked not in (IN_ZIP64, unpacked):
        refuse_structure(where, "the sizes in its header are not those of its ZIP64 extra field")
    return packed, unpacked


def resolve_central_values(
    header: CentralHeader, zip64: bytes | None, where: str
) -> tuple[int, int, int]:
    """Return packed size, unpacked size and offset.

    A central ZIP64 field has only the values that the header lacks (4.5.3).
    """
    missing = (header.unpacked, header.packed, header.offset).count(IN_ZIP64)
    if zip64 is None and not missing:
        return header.packed, header.unpacked, header.offset
    if zip64 is None or len(zip64) != 8 * missing:
        refuse_structure(
            where, "its ZIP64 extra field does not hold the values that its central header lacks"
        )
    values = iter(_read_uint64(zip64, at) for at in range(0, len(zip64), 8))
    unpacked = next(values) if header.unpacked == IN_ZIP64 else header.unpacked
    packed = next(values) if header.packed == IN_ZIP64 else header.packed
    offset = next(values) if header.offset == IN_ZIP64 else header.offset
    return packed, unpacked, offset


def expect_supported(needed: int, where: str) -> None:
    """Refuse a newer version of the format; some readers ignore the version, some do not."""
    if needed > NEWEST:
        refuse_structure(
            where, f"it needs version {needed} of the ZIP format; the newest is {NEWEST}"
        )


def refuse_structure(where: str, fault: str, remedy: str = REBUILD) -> Never:
    """Refuse an archive that readers could read differently."""
    raise Refused(Reason.ZIP_STRUCTURE, f"{where}: {fault}. {remedy}")


def _read_uint16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _read_uint64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")
