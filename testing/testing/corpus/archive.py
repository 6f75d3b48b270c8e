"""A ZIP writer that writes any field, valid or not (APPNOTE 6.3.10, section 4.3)."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from struct import pack

STORED, DEFLATED = 0, 8
UTF8 = 1 << 11
MAX32 = 0xFFFF_FFFF
MAX16 = 0xFFFF


def deflate(content: bytes) -> bytes:
    """Return a raw deflate stream."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(content) + deflater.flush()


@dataclass(frozen=True)
class Central:
    """Fields of the central header; None copies the field of the local header."""

    name: bytes | None = None
    flags: int | None = None
    method: int | None = None
    crc: int | None = None
    packed: int | None = None
    unpacked: int | None = None
    offset: int | None = None
    disk: int = 0
    attributes: int = 0o100644 << 16
    extra: bytes = b""
    comment: bytes = b""
    times: int = 1
    """Number of copies of the header; 0 omits it."""
    needed: int = 20


@dataclass(frozen=True)
class Entry:
    """A member; None computes the field from the content."""

    name: bytes
    content: bytes = b""
    method: int = DEFLATED
    flags: int | None = None
    crc: int | None = None
    packed: int | None = None
    unpacked: int | None = None
    data: bytes | None = None
    """The bytes after the local header, in place of the packed content."""
    extra: bytes = b""
    before: bytes = b""
    """Bytes before the local header that belong to no structure."""
    local: bool = True
    """False omits the local header and the data."""
    central: Central = Central()
    needed: int = 20

    def pack_data(self) -> bytes:
        if self.data is not None:
            return self.data
        return deflate(self.content) if self.method == DEFLATED else self.content

    def resolve(self) -> "Entry":
        """Return a copy with every field computed."""
        data = self.pack_data()
        return replace(
            self,
            data=data,
            flags=_either(self.flags, 0 if self.name.isascii() else UTF8),
            crc=_either(self.crc, zlib.crc32(self.content)),
            packed=_either(self.packed, len(data)),
            unpacked=_either(self.unpacked, len(self.content)),
        )


@dataclass(frozen=True)
class Archive:
    """Entries and the records around them; mappings override single fields."""

    entries: tuple[Entry, ...]
    prefix: bytes = b""
    before_directory: bytes = b""
    after_directory: bytes = b""
    zip64: Mapping[str, int] | None = None
    """Wrong fields of the ZIP64 end record; None omits the record."""
    locator: Mapping[str, int] | None = field(default_factory=dict)
    before_end: bytes = b""
    end: Mapping[str, int] = field(default_factory=dict)
    comment: bytes = b""
    trailing: bytes = b""

    def amend(self, name: bytes, **changes: object) -> "Archive":
        """Return a copy with the named entry changed."""
        entries = tuple(
            replace(entry, **changes) if entry.name == name else entry  # type: ignore[arg-type] # keywords are field names
            for entry in self.entries
        )
        return replace(self, entries=entries)

    def add(self, *entries: Entry) -> "Archive":
        """Return a copy with more entries in front, so that RECORD stays the last."""
        return replace(self, entries=entries + self.entries)

    def build(self) -> bytes:
        out = bytearray(self.prefix)
        entries = [entry.resolve() for entry in self.entries]
        offsets = []
        for entry in entries:
            offsets.append(len(out) + len(entry.before))
            if entry.local:
                out += entry.before + local_header(entry) + (entry.data or b"")
        out += self.before_directory
        directory = len(out)
        for entry, offset in zip(entries, offsets, strict=True):
            out += central_header(entry, offset) * entry.central.times
        count = sum(entry.central.times for entry in entries)
        size = len(out) - directory
        out += self.after_directory
        out += self._zip64_records(len(out), count, size, directory)
        out += self.before_end
        out += end_record(count, size, directory, self.end, self.comment)
        return bytes(out + self.trailing)

    def _zip64_records(self, offset: int, count: int, size: int, directory: int) -> bytes:
        if self.zip64 is None:
            return b""
        record = zip64_end_record(count, size, directory, self.zip64)
        if self.locator is None:
            return record
        values = {"disk": 0, "offset": offset, "disks": 1} | dict(self.locator)
        return record + b"PK\x06\x07" + pack("<IQI", *values.values())


def local_header(entry: Entry) -> bytes:
    return (
        b"PK\x03\x04"
        + pack(
            "<HHHHHIII", entry.needed, _number(entry.flags), entry.method, 0, 0x21, *_sizes(entry)
        )
        + pack("<HH", len(entry.name), len(entry.extra))
        + entry.name
        + entry.extra
    )


def central_header(entry: Entry, offset: int) -> bytes:
    central = entry.central
    name = entry.name if central.name is None else central.name
    sizes = _sizes(entry)
    return (
        b"PK\x01\x02"
        + pack("<HH", 3 << 8 | 20, central.needed)
        + pack("<H", _number(_either(central.flags, entry.flags)))
        + pack("<HHH", _number(_either(central.method, entry.method)), 0, 0x21)
        + pack("<I", _number(_either(central.crc, sizes[0])))
        + pack("<I", _number(_either(central.packed, sizes[1])))
        + pack("<I", _number(_either(central.unpacked, sizes[2])))
        + pack("<HHH", len(name), len(central.extra), len(central.comment))
        + pack("<HHI", central.disk, 0, central.attributes)
        + pack("<I", _number(_either(central.offset, offset)))
        + name
        + central.extra
        + central.comment
    )


def zip64_end_record(count: int, size: int, directory: int, changes: Mapping[str, int]) -> bytes:
    values = {
        "record_size": 44,
        "made": 45,
        "needed": 45,
        "disk": 0,
        "directory_disk": 0,
        "entries_on_disk": count,
        "entries": count,
        "size": size,
        "offset": directory,
    } | dict(changes)
    return b"PK\x06\x06" + pack("<QHHIIQQQQ", *values.values())


def end_record(
    count: int, size: int, directory: int, changes: Mapping[str, int], comment: bytes
) -> bytes:
    values = {
        "disk": 0,
        "directory_disk": 0,
        "entries_on_disk": count,
        "entries": count,
        "size": size,
        "offset": directory,
        "comment_length": len(comment),
    } | dict(changes)
    return b"PK\x05\x06" + pack("<HHHHIIH", *values.values()) + comment


def extra_field(kind: int, payload: bytes) -> bytes:
    return pack("<HH", kind, len(payload)) + payload


def zip64_extra(*values: int) -> bytes:
    return extra_field(0x0001, b"".join(pack("<Q", value) for value in values))


def unicode_path(name: bytes, *, of: bytes) -> bytes:
    return extra_field(0x7075, b"\x01" + pack("<I", zlib.crc32(of)) + name)


def split_chunks(data: bytes, size: int) -> Iterable[bytes]:
    """Yield the bytes in chunks of ``size``."""
    return (data[at : at + size] for at in range(0, len(data), size))


def _sizes(entry: Entry) -> tuple[int, int, int]:
    return _number(entry.crc), _number(entry.packed), _number(entry.unpacked)


def _either(value: int | None, default: int | None) -> int | None:
    return default if value is None else value


def _number(value: int | None) -> int:
    assert value is not None
    return value
