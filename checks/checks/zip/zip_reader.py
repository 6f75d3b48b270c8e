"""Reader of a ZIP archive, from its first local header to its last byte.

Readers of ZIP archives disagree if the local headers, the central directory and the end records
disagree (CVE-2025-54368). This reader accepts only archives without such differences. Members
follow one another from the first byte, each with its sizes in its local header. Then come a central
directory with exactly these members, and the end records. Such an archive needs no seeking.
"""

from collections.abc import Iterator

from checks.archive.budget import Budget
from checks.archive.content import PIECE_SIZE, Content, MemberVisitor, consume
from checks.archive.member_names import (
    RENAME,
    MemberNames,
    find_name_fault,
    find_path_fault,
    quote_name,
)
from checks.archive.source import Source, Truncated
from checks.policy import MIB
from checks.refusal import Reason, Refused
from checks.tar.blocks import BLOCK_SIZE, is_header
from checks.zip import structures
from checks.zip.end import check_end
from checks.zip.inflate import inflate, refuse_content
from checks.zip.members import Member, Members
from checks.zip.structures import LocalHeader, refuse_structure

MAX_DIRECTORY_SIZE = 32 * MIB
"""Maximum size of the central directory, in bytes. It also limits the memory for names."""


def read_zip(source: Source, budget: Budget, visitor: MemberVisitor) -> Members:
    """Read the whole archive; return members that local and central headers agree on.

    :raises Refused: if readers could disagree about the archive, or a member is not allowed.
    """
    try:
        return _read_archive(source, budget, visitor)
    except Truncated as truncated:
        raise Refused(
            Reason.NOT_A_ZIP,
            f"the file ends at byte {truncated.offset} without an end record. Upload it again.",
        ) from truncated


def _read_archive(source: Source, budget: Budget, visitor: MemberVisitor) -> Members:
    _expect_zip(source.peek(BLOCK_SIZE))
    members, names = Members(), _Directory()
    while (signature := source.read_exactly(4)) == structures.LOCAL_HEADER:
        _read_member(source, members, names, budget, visitor)
    check_end(source, signature, members, MAX_DIRECTORY_SIZE)
    budget.check_total()
    return members


def _read_member(
    source: Source,
    members: Members,
    directory: "_Directory",
    budget: Budget,
    visitor: MemberVisitor,
) -> None:
    """Check and read one member, in the order of precedence of the reasons."""
    offset = source.offset - 4
    header = structures.parse_local_header(source.read_exactly(structures.LOCAL_SIZE))
    raw, extra = source.read_exactly(header.name_length), source.read_exactly(header.extra_length)
    where = f"member {quote_name(raw)} at byte {offset}"
    packed, unpacked = _read_sizes(header, raw, extra, where)
    name = directory.add(raw, header.flags, where)
    _expect_readable(header, where)
    _expect_safe(name, unpacked, where)
    budget.add_member(where, packed=packed, unpacked=unpacked)
    keep = visitor.visit(name, unpacked)
    content = consume(_read_pieces(source, header, packed, unpacked, where), keep)
    _check_content(content, header.crc, unpacked, where)
    facts = (header.flags, header.method, header.crc, packed, unpacked, offset)
    members.add(raw, Member(*facts, content.sha256))


class _Directory:
    """Names and minimum size of the expected central directory."""

    def __init__(self) -> None:
        self._names = MemberNames()
        self._size = 0

    def add(self, raw: bytes, flags: int, where: str) -> str:
        """Add a member; return its decoded name."""
        name = _decode_name(raw, flags, where)
        self._size += 4 + structures.CENTRAL_SIZE + len(raw)
        if self._size > MAX_DIRECTORY_SIZE:
            refuse_structure(where, f"the central directory exceeds {MAX_DIRECTORY_SIZE} bytes")
        if fault := self._names.add(name):
            refuse_structure(where, fault, RENAME)
        return name


def _expect_zip(head: bytes) -> None:
    if not head.startswith(structures.LOCAL_HEADER):
        raise Refused(
            Reason.NOT_A_ZIP,
            "the file does not start with a ZIP local file header. Build the wheel again.",
        )
    if is_header(head):
        raise Refused(Reason.NOT_A_ZIP, "the file is a tar archive as well. Build the wheel again.")


def _decode_name(raw: bytes, flags: int, where: str) -> str:
    if fault := find_name_fault(raw):
        refuse_structure(where, fault, RENAME)
    if not raw.isascii() and not flags & structures.UTF8:
        # Without the flag, some readers decode the name with code page 437 (APPNOTE D.1).
        refuse_structure(where, "the name is not ASCII, but not flagged as UTF-8 (flag bit 11)")
    return raw.decode()


def _read_sizes(header: LocalHeader, raw: bytes, extra: bytes, where: str) -> tuple[int, int]:
    _expect_flags(header.flags, where)
    structures.expect_supported(header.needed, where)
    zip64 = structures.find_zip64_field(extra, raw, where)
    return structures.resolve_local_sizes(header, zip64, where)


def _expect_flags(flags: int, where: str) -> None:
    if flags & structures.DATA_DESCRIPTOR:
        remedy = "Build the wheel into a file, not into a pipe."
        refuse_structure(where, "its sizes are in a data descriptor (flag bit 3)", remedy)
    if flags & ~(structures.ENCRYPTED | structures.HARMLESS):
        refuse_structure(where, f"it sets flags that mean nothing in a wheel (0x{flags:04x})")


def _expect_readable(header: LocalHeader, where: str) -> None:
    if header.flags & structures.ENCRYPTED:
        raise Refused(Reason.ZIP_ENCRYPTED, f"{where} is encrypted. Store it without encryption.")
    if header.method not in (structures.STORED, structures.DEFLATED):
        raise Refused(
            Reason.ZIP_METHOD,
            f"{where} is compressed by method {header.method}. Store it (method 0), or deflate it"
            " (method 8).",
        )


def _expect_safe(name: str, unpacked: int, where: str) -> None:
    if fault := find_path_fault(name):
        raise Refused(Reason.ZIP_PATH, f"{where}: {fault}. {RENAME}")
    if name.endswith("/") and unpacked:
        raise Refused(
            Reason.ZIP_PATH,
            f"{where}: the path is that of a directory, but it has content. {RENAME}",
        )


def _read_pieces(
    source: Source, header: LocalHeader, packed: int, unpacked: int, where: str
) -> Iterator[bytes | memoryview]:
    if header.method != structures.STORED:
        return inflate(source, packed, unpacked, where)
    if packed != unpacked:
        # Checked before reading: a kept member cannot be larger than the size in the budget.
        sizes = f"{packed} and {unpacked} bytes"
        refuse_content(f"{where} is stored, but declares two sizes, {sizes}")
    return source.read_pieces(packed, PIECE_SIZE)


def _check_content(content: Content, crc: int, unpacked: int, where: str) -> None:
    if content.size != unpacked:
        refuse_content(
            f"{where} unpacks to another size than the {unpacked} bytes that it declares"
        )
    if content.crc != crc:
        refuse_content(
            f"{where}: the CRC of its content is {content.crc:08x}, not the CRC it declares,"
            f" {crc:08x}"
        )
