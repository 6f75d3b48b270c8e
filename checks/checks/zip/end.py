"""Comparison of the central directory and the end records of a ZIP archive with its members.

Section numbers are those of PKWARE's APPNOTE 6.3.10.
"""

import re
import stat

from checks.archive.member_names import quote_name
from checks.archive.source import Source
from checks.refusal import Reason, Refused
from checks.zip import structures
from checks.zip.members import Member, Members
from checks.zip.structures import CentralHeader, EndRecord, Zip64End, refuse_structure

_END_SIGNATURES = re.compile(rb"PK(?:\x05\x06|\x06\x06|\x06\x07)")
"""Signatures that readers search backwards from the end. A second match is not allowed."""


def check_end(source: Source, signature: bytes, members: Members, limit: int) -> None:
    """Read the central directory and the end records, from the given signature to the end."""
    start = source.offset - 4
    signature = _check_directory(source, signature, members, start + limit)
    directory = (start, source.offset - 4 - start)
    zip64 = None
    if signature == structures.ZIP64_END:
        zip64 = _read_zip64_end(source)
        signature = source.read_exactly(4)
    if signature != structures.END:
        refuse_structure(f"byte {source.offset - 4}", "no end record follows the ZIP64 end record")
    _check_counts(_read_end(source), zip64, len(members), *directory)
    if source.read_some(1):
        raise Refused(
            Reason.NOT_A_ZIP, "bytes follow the end record. Upload the wheel without appended data."
        )


def _check_directory(source: Source, signature: bytes, members: Members, limit: int) -> bytes:
    """Read the central headers; return the signature after them."""
    seen = bytearray(len(members))
    while signature == structures.CENTRAL_HEADER:
        index = _check_entry(source, members)
        where = f"byte {source.offset}"
        if seen[index]:
            refuse_structure(where, "it ends a second central header for the same member")
        seen[index] = True
        if source.offset > limit:
            fault = f"the central directory is too large; its last allowed byte is {limit}"
            refuse_structure(where, fault)
        signature = source.read_exactly(4)
    if signature not in (structures.ZIP64_END, structures.END):
        refuse_structure(
            f"byte {source.offset - 4}",
            "neither a member nor a record of the directory begins here",
        )
    _expect_complete(seen, members)
    return signature


def _expect_complete(seen: bytearray, members: Members) -> None:
    if (missing := seen.find(0)) >= 0:
        name = list(members.iterate_names())[missing]
        refuse_structure(f"member {quote_name(name)}", "it is not in the central directory")


def _check_entry(source: Source, members: Members) -> int:
    """Read one central header; return the index of its member."""
    record = source.read_exactly(structures.CENTRAL_SIZE)
    header = structures.parse_central_header(record)
    name, extra = source.read_exactly(header.name_length), source.read_exactly(header.extra_length)
    where = f"central header of {quote_name(name)}"
    if header.comment_length:
        refuse_structure(where, "it has a comment")
    _expect_no_end(record + name + extra, where)
    structures.expect_supported(header.needed, where)
    index = members.find_index(name)
    if index is None:
        refuse_structure(where, "there is no member of that name")
    _check_values(header, structures.find_zip64_field(extra, name, where), members[index], where)
    _check_mode(header.attributes >> 16, name, where)
    return index


def _check_values(header: CentralHeader, zip64: bytes | None, member: Member, where: str) -> None:
    packed, unpacked, offset = structures.resolve_central_values(header, zip64, where)
    for field, central, local in (
        ("flags", header.flags, member.flags),
        ("method", header.method, member.method),
        ("CRC", header.crc, member.crc),
        ("compressed size", packed, member.packed),
        ("size", unpacked, member.unpacked),
        ("offset", offset, member.offset),
        ("disk", header.disk, 0),
    ):
        if central != local:
            refuse_structure(where, f"its {field} is {central}, but {local} in the local header")


def _check_mode(mode: int, name: bytes, where: str) -> None:
    """Check `st_mode`, in the upper half of the external attributes from Unix (4.4.15)."""
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG) and not (kind == stat.S_IFDIR and name.endswith(b"/")):
        raise Refused(
            Reason.ZIP_PATH,
            f"{where}: by its mode (0o{mode:o}) it is a link, a device or a directory, not a file."
            " Pack the file itself.",
        )


def _read_zip64_end(source: Source) -> Zip64End:
    """Read the ZIP64 end record and the locator directly after it (4.3.15)."""
    where = "ZIP64 end record"
    offset = source.offset - 4
    record = source.read_exactly(structures.ZIP64_END_SIZE)
    zip64 = structures.parse_zip64_end(record)
    if zip64.record_size != len(record) - 8:
        refuse_structure(where, f"its size is {zip64.record_size} instead of {len(record) - 8}")
    if source.read_exactly(4) != structures.ZIP64_LOCATOR:
        refuse_structure(where, "no locator follows it")
    locator_record = source.read_exactly(structures.ZIP64_LOCATOR_SIZE)
    for each in (record, locator_record):
        _expect_no_end(each, where)
    locator = structures.parse_zip64_locator(locator_record)
    if (locator.disk, locator.offset, locator.disks) != (0, offset, 1):
        refuse_structure(where, f"its locator is {tuple(locator)} instead of {(0, offset, 1)}")
    return zip64


def _read_end(source: Source) -> EndRecord:
    record = source.read_exactly(structures.END_SIZE)
    end = structures.parse_end(record)
    if end.comment_length:
        refuse_structure("end record", "the archive has a comment")
    _expect_no_end(record, "end record")
    return end


def _check_counts(
    end: EndRecord, zip64: Zip64End | None, count: int, start: int, size: int
) -> None:
    """Compare the counts with the archive; an end record can refer to ZIP64 (4.4.1.4)."""
    actual = (0, 0, count, count, size, start)
    if zip64 is not None and zip64[1:] != actual:
        refuse_structure(
            "ZIP64 end record", f"its values are {zip64[1:]}, but {actual} in the archive"
        )
    sentinels = (structures.IN_ZIP64_SHORT,) * 4 + (structures.IN_ZIP64,) * 2
    for written, sentinel, value in zip(end[:6], sentinels, actual, strict=True):
        if written != value and not (zip64 is not None and written == sentinel):
            refuse_structure("end record", f"its values are {end[:6]}, but {actual} in the archive")


def _expect_no_end(record: bytes, where: str) -> None:
    if _END_SIGNATURES.search(record):
        refuse_structure(
            where, "it holds the signature of an end record, and readers could mistake it for one"
        )
