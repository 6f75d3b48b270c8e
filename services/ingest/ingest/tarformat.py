"""The header block of a tar archive as POSIX.1-2017 (pax, "ustar interchange format") has it."""

BLOCK = 512
_CHECKSUM = slice(148, 156)


def number(field: bytes) -> int:
    """Read octal digits, or GNU's base-256 where the first bit is set; `ValueError` otherwise."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.split(b"\0")[0].strip(b" ") or b"0"
    if not digits.isdigit():
        raise ValueError(f"{field!r} is not an octal number")
    return int(digits, 8)


def is_header(block: bytes) -> bool:
    """Whether the block has the length and the checksum of a tar header."""
    if len(block) < BLOCK:
        return False
    blanked = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop : BLOCK]
    signed = sum(byte - 256 if byte > 127 else byte for byte in blanked)
    try:
        return number(block[_CHECKSUM]) in (sum(blanked), signed)
    except ValueError:
        return False
