"""Parsing of tar blocks: POSIX.1-2017 (pax, "ustar" and "pax interchange format") and GNU tar.

Malformed blocks are refused as `sdist-structure`.
"""

from typing import NamedTuple, Never

from checks.refusal import Reason, Refused

BLOCK_SIZE = 512
END_BLOCK = bytes(BLOCK_SIZE)

FILES = (b"0", b"\0")
DIRECTORY = b"5"
PAX, GLOBAL_PAX, GNU_LONG_NAME = b"x", b"g", b"L"

REBUILD = "Build the sdist again with a current back end."
"""Remedy for the faults of the archive."""

_USTAR, _GNU = b"ustar\x0000", b"ustar  \0"
_CHECKSUM = slice(148, 156)


class TarHeader(NamedTuple):
    """Header block of a member."""

    name: bytes
    kind: bytes
    size: int


def is_header(block: bytes) -> bool:
    """Return whether the block has the checksum of a tar header, by the rules of any reader."""
    if len(block) < BLOCK_SIZE:
        return False
    try:
        written = _parse_leniently(block[_CHECKSUM])
    except ValueError:
        return False
    blanked = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop : BLOCK_SIZE]
    unsigned, signed = sum(blanked), sum(memoryview(blanked).cast("b"))
    return written in (unsigned, signed)


def parse_header(block: bytes, where: str) -> TarHeader:
    """Parse a header block."""
    if not is_header(block):
        refuse_structure(where, "its checksum is not that of a tar header")
    magic, prefix = block[257:265], _cut_at_nul(block[345:500])
    if magic not in (_USTAR, _GNU) or (magic == _GNU and prefix):
        refuse_structure(where, "it is neither a POSIX nor a GNU tar header")
    name = _cut_at_nul(block[:100])
    kind = block[156:157]
    return TarHeader(
        prefix + b"/" + name if prefix else name, kind, _parse_size(block[124:136], where)
    )


def parse_pax_records(data: bytes, where: str) -> dict[bytes, bytes]:
    """Parse the records of a pax extended header: lines of the form `length key=value`."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        digits = data[at : at + 20].partition(b" ")[0]
        end = at + int(digits) if digits.isdigit() else at
        key, equals, value = data[at + len(digits) + 1 : end].partition(b"=")
        if end > len(data) or not equals or not value.endswith(b"\n"):
            refuse_structure(where, "a pax record is not of the form `length key=value`")
        if key in records:
            refuse_structure(where, f"the pax record {key!a} is there twice")
        records[key], at = value[:-1], end
    return records


def refuse_structure(where: str, fault: str, remedy: str = REBUILD) -> Never:
    """Refuse an archive that readers could read differently."""
    raise Refused(Reason.SDIST_STRUCTURE, f"{where}: {fault}. {remedy}")


def _cut_at_nul(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _parse_leniently(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return int(_cut_at_nul(field).strip() or b"0", 8)


def _parse_size(field: bytes, where: str) -> int:
    digits = field.rstrip(b" \0").lstrip(b" ")
    if field[0] == 0x80 or not digits.isdigit() or b"8" in digits or b"9" in digits:
        refuse_structure(where, "its size is not an octal number")
    return int(digits, 8)
