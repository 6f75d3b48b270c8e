"""The end of a ZIP archive, held against the members that were seen before it.

Section numbers are those of PKWARE's APPNOTE 6.3.10.
"""

import re
import stat

from checks.archive.member_names import shown
from checks.archive.source import Source
from checks.refusal import Reason, Refused
from checks.zip import records
from checks.zip.members import Member, Members
from checks.zip.records import CentralHeader, End, Zip64End, malformed

_END_SIGNATURES = re.compile(rb"PK(?:\x05\x06|\x06\x06|\x06\x07)")
"""Readers search for these backwards from the end: there may be no second one to be found."""


def check_end(source: Source, signature: bytes, members: Members, limit: int) -> None:
    """Read central directory and end records, from the given signature to the last byte."""
    start = source.offset - 4
    signature = _check_directory(source, signature, members, start + limit)
    directory = (start, source.offset - 4 - start)
    zip64 = None
    if signature == records.ZIP64_END:
        zip64 = _zip64_end(source)
        signature = source.exactly(4)
    if signature != records.END:
        malformed(f"byte {source.offset - 4}", "no end record follows the ZIP64 one")
    _check_counts(_end(source), zip64, len(members), *directory)
    if source.some(1):
        raise Refused(Reason.NOT_A_ZIP, "bytes follow the end record: a ZIP archive ends with it")


def _check_directory(source: Source, signature: bytes, members: Members, limit: int) -> bytes:
    """Read the central headers; answers with the signature that follows them."""
    seen = bytearray(len(members))
    while signature == records.CENTRAL_HEADER:
        index = _check_entry(source, members)
        if seen[index]:
            malformed(f"byte {source.offset}", "a second central header for the same member")
        seen[index] = True
        if source.offset > limit:
            malformed(f"byte {source.offset}", "the central directory is too large")
        signature = source.exactly(4)
    if signature not in (records.ZIP64_END, records.END):
        malformed(f"byte {source.offset - 4}", "neither a member nor a record of the directory")
    if (missing := seen.find(0)) >= 0:
        name = list(members.names())[missing]
        malformed(f"member {shown(name)}", "it is not in the central directory")
    return signature


def _check_entry(source: Source, members: Members) -> int:
    """Read one central header; answers with the place of its member."""
    record = source.exactly(records.CENTRAL_SIZE)
    header = records.central_header(record)
    name, extra = source.exactly(header.name_length), source.exactly(header.extra_length)
    where = f"central header of {shown(name)}"
    if header.comment_length:
        malformed(where, "it has a comment")
    _expect_no_end(record + name + extra, where)
    records.expect_known(header.needed, where)
    index = members.index(name)
    if index is None:
        malformed(where, "there is no member of that name")
    _check_values(header, records.zip64_field(extra, name, where), members[index], where)
    _check_mode(header.attributes >> 16, name, where)
    return index


def _check_values(header: CentralHeader, zip64: bytes | None, member: Member, where: str) -> None:
    packed, unpacked, offset = records.central_values(header, zip64, where)
    for what, central, local in (
        ("flags", header.flags, member.flags),
        ("method", header.method, member.method),
        ("CRC", header.crc, member.crc),
        ("compressed size", packed, member.packed),
        ("size", unpacked, member.unpacked),
        ("offset", offset, member.offset),
        ("disk", header.disk, 0),
    ):
        if central != local:
            malformed(where, f"its {what} is {central}, the member's is {local}")


def _check_mode(mode: int, name: bytes, where: str) -> None:
    """Unix writers put `st_mode` into the upper half of the external attributes (4.4.15)."""
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG) and not (kind == stat.S_IFDIR and name.endswith(b"/")):
        raise Refused(
            Reason.ZIP_PATH,
            f"{where}: by its mode (0o{mode:o}) it is a link, a device or a directory, not a file",
        )


def _zip64_end(source: Source) -> Zip64End:
    """Read the ZIP64 end record and its locator, which stands directly behind it (4.3.15)."""
    where = "ZIP64 end record"
    offset = source.offset - 4
    record = source.exactly(records.ZIP64_END_SIZE)
    zip64 = records.zip64_end(record)
    if zip64.record_size != len(record) - 8:
        malformed(where, f"its size is {zip64.record_size} instead of {len(record) - 8}")
    if source.exactly(4) != records.ZIP64_LOCATOR:
        malformed(where, "no locator follows it")
    locator_record = source.exactly(records.ZIP64_LOCATOR_SIZE)
    locator = records.zip64_locator(locator_record)
    _expect_no_end(record, where)
    _expect_no_end(locator_record, where)
    if (locator.disk, locator.offset, locator.disks) != (0, offset, 1):
        malformed(where, f"its locator says {locator.offset}, it stands at byte {offset}")
    return zip64


def _end(source: Source) -> End:
    record = source.exactly(records.END_SIZE)
    end = records.end(record)
    if end.comment_length:
        malformed("end record", "the archive has a comment")
    _expect_no_end(record, "end record")
    return end


def _check_counts(end: End, zip64: Zip64End | None, count: int, start: int, size: int) -> None:
    """The end record counts what was seen; with a ZIP64 one, it may refer to that (4.4.1.4)."""
    actual = (0, 0, count, count, size, start)
    if zip64 is not None and zip64[1:] != actual:
        malformed("ZIP64 end record", f"it says {zip64[1:]}, the archive is {actual}")
    sentinels = (records.IN_ZIP64_SHORT,) * 4 + (records.IN_ZIP64,) * 2
    for said, sentinel, value in zip(end[:6], sentinels, actual, strict=True):
        if said != value and not (zip64 is not None and said == sentinel):
            malformed("end record", f"it says {end[:6]}, the archive is {actual}")


def _expect_no_end(record: bytes, where: str) -> None:
    if _END_SIGNATURES.search(record):
        malformed(
            where, "it holds the signature of an end record, which readers could take for one"
        )
