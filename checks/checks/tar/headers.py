"""The records of a tar archive: POSIX.1-2017 (pax, "ustar" and "pax interchange format") and GNU's.

Bytes to values; what does not fit into itself is refused as `sdist-structure`.
"""

from typing import NamedTuple, Never

from checks.refusal import Reason, Refused

BLOCK = 512
END_BLOCK = bytes(BLOCK)

FILES = (b"0", b"\0")
DIRECTORY = b"5"
PAX, GLOBAL_PAX, GNU_LONG_NAME = b"x", b"g", b"L"

_USTAR, _GNU = b"ustar\x0000", b"ustar  \0"
_CHECKSUM = slice(148, 156)


class TarHeader(NamedTuple):
    """One header block."""

    name: bytes
    kind: bytes
    size: int


def is_header(block: bytes) -> bool:
    """Whether some reader would take the block for a tar header: it has the checksum of one."""
    if len(block) < BLOCK:
        return False
    blanked = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop : BLOCK]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)
    written = block[_CHECKSUM]
    try:
        return _lenient(written) in (sum(blanked), signed)
    except ValueError:
        return False


def tar_header(block: bytes, where: str) -> TarHeader:
    """Read a header block."""
    if not is_header(block):
        malformed(where, "its checksum is not that of a tar header")
    magic, prefix = block[257:265], _text(block[345:500])
    if magic not in (_USTAR, _GNU) or (magic == _GNU and prefix):
        malformed(where, "neither a POSIX nor a GNU tar header")
    name = _text(block[:100])
    kind = block[156:157]
    return TarHeader(prefix + b"/" + name if prefix else name, kind, _size(block[124:136], where))


def pax_records(data: bytes, where: str) -> dict[bytes, bytes]:
    """Read the records of a pax extended header: `length key=value`, each ended by a line feed."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        digits = data[at : at + 20].partition(b" ")[0]
        end = at + int(digits) if digits.isdigit() else at
        key, equals, value = data[at + len(digits) + 1 : end].partition(b"=")
        if end > len(data) or not equals or not value.endswith(b"\n"):
            malformed(where, "a pax record is not of the form `length key=value`")
        if key in records:
            malformed(where, f"the pax record {key!a} is there twice")
        records[key], at = value[:-1], end
    return records


def malformed(where: str, what: str) -> Never:
    """Refuse what readers could understand in different ways."""
    raise Refused(Reason.SDIST_STRUCTURE, f"{where}: {what}")


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _lenient(field: bytes) -> int:
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return int(_text(field).strip() or b"0", 8)


def _size(field: bytes, where: str) -> int:
    digits = field.rstrip(b" \0").lstrip(b" ")
    if field[0] == 0x80 or not digits.isdigit() or b"8" in digits or b"9" in digits:
        malformed(where, "its size is not an octal number")
    return int(digits, 8)
