"""A tar and gzip writer that writes any header field, valid or not."""

import gzip
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", bytes(8)


@dataclass(frozen=True)
class Tar:
    """One header and its data; None computes the correct value."""

    name: bytes
    content: bytes = b""
    kind: bytes = b"0"
    size: bytes | None = None
    checksum: bytes | None = None
    magic: bytes = USTAR
    prefix: bytes = b""
    padding: bytes | None = None

    def build(self) -> bytes:
        size = b"%011o\0" % len(self.content) if self.size is None else self.size
        block = bytearray(BLOCK)
        block[0:100] = self.name[:100].ljust(100, b"\0")
        block[100:124] = b"0000644 " * 3
        block[124:136] = size
        block[136:148] = b"00000000000\0"
        block[156:157] = self.kind
        block[257:265] = self.magic
        block[345:500] = self.prefix.ljust(155, b"\0")
        block[148:156] = b" " * 8
        block[148:156] = self.checksum or b"%06o\0 " % sum(block)
        padding = bytes(-len(self.content) % BLOCK) if self.padding is None else self.padding
        return bytes(block) + self.content + padding


def make_pax(*records: bytes, kind: bytes = b"x") -> Tar:
    """Return a pax header with records of the form `key=value`."""
    return Tar(b"././@PaxHeader", b"".join(map(make_pax_record, records)), kind)


def make_pax_record(record: bytes) -> bytes:
    length = len(record) + 2
    while len(b"%d %s\n" % (length, record)) != length:
        length += 1
    return b"%d %s\n" % (length, record)


def make_long_name(name: bytes) -> Tar:
    return Tar(b"././@LongLink", name + b"\0", b"L", magic=GNU)


_SYSTEM = 9
"""Offset of the operating system in a gzip header (RFC 1952); versions of Python write another."""
_UNKNOWN = b"\xff"


def pack_tar(*members: Tar, end: bytes = END) -> bytes:
    data = gzip.compress(b"".join(member.build() for member in members) + end, mtime=0)
    return data[:_SYSTEM] + _UNKNOWN + data[_SYSTEM + 1 :]
