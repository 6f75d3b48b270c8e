"""One walk over a ZIP archive, from its first local header to its last byte.

Readers of ZIP archives disagree when the local headers, the central directory and the end records
do (CVE-2025-54368). This one accepts only archives that leave nothing to disagree about: members
one after the other from the first byte on, each with its sizes in its local header, then a central
directory that repeats exactly these, then the end. Such an archive needs no seeking.
"""

from checks.archive.budget import Budget
from checks.archive.content import PIECE, Content, Watcher, consume
from checks.archive.member_names import Names, objection_to_name, objection_to_path, shown
from checks.archive.source import Source, Truncated
from checks.policy import MIB
from checks.refusal import Reason, Refused
from checks.tar.headers import BLOCK, is_header
from checks.zip import records
from checks.zip.end import check_end
from checks.zip.inflate import deflated
from checks.zip.members import Member, Members
from checks.zip.records import LocalHeader, malformed

MAX_DIRECTORY_SIZE = 32 * MIB
"""Of the central directory; also bounds what is kept of the names."""


def walk(source: Source, budget: Budget, watcher: Watcher) -> Members:
    """Read the whole archive; what comes back was proved from both ends."""
    try:
        return _walk(source, budget, watcher)
    except Truncated as truncated:
        raise Refused(
            Reason.NOT_A_ZIP,
            f"the file ends at byte {truncated.offset} without an end record: was it cut off?",
        ) from truncated


def _walk(source: Source, budget: Budget, watcher: Watcher) -> Members:
    _expect_zip(source.peek(BLOCK))
    members, names = Members(), _Directory()
    while (signature := source.exactly(4)) == records.LOCAL_HEADER:
        _read_member(source, members, names, budget, watcher)
    check_end(source, signature, members, MAX_DIRECTORY_SIZE)
    budget.settle()
    return members


def _read_member(
    source: Source, members: Members, directory: "_Directory", budget: Budget, watcher: Watcher
) -> None:
    """Judge and read one member, in the order in which reasons take precedence."""
    offset = source.offset - 4
    header = records.local_header(source.exactly(records.LOCAL_SIZE))
    raw, extra = source.exactly(header.name_length), source.exactly(header.extra_length)
    where = f"member {shown(raw)} at byte {offset}"
    packed, unpacked = _sizes(header, raw, extra, where)
    name = directory.add(raw, header.flags, where)
    _expect_readable(header, where)
    _expect_safe(name, unpacked, where)
    budget.admit(where, packed=packed, unpacked=unpacked)
    content = _content(source, header, packed, unpacked, watcher.admit(name, unpacked), where)
    facts = (header.flags, header.method, header.crc, packed, unpacked, offset)
    members.add(raw, Member(*facts, content.sha256))


class _Directory:
    """The central directory as it will have to be: how large, and with which names."""

    def __init__(self) -> None:
        self._names = Names()
        self._size = 0

    def add(self, raw: bytes, flags: int, where: str) -> str:
        """Add a member, and decode its name."""
        name = _name(raw, flags, where)
        self._size += 4 + records.CENTRAL_SIZE + len(raw)
        if self._size > MAX_DIRECTORY_SIZE:
            malformed(where, f"the central directory exceeds {MAX_DIRECTORY_SIZE} bytes")
        if objection := self._names.add(name):
            malformed(where, objection)
        return name


def _expect_zip(head: bytes) -> None:
    if not head.startswith(records.LOCAL_HEADER):
        raise Refused(Reason.NOT_A_ZIP, "the file does not start with a ZIP local file header")
    if is_header(head):
        raise Refused(Reason.NOT_A_ZIP, "the file is a tar archive as well")


def _name(raw: bytes, flags: int, where: str) -> str:
    if objection := objection_to_name(raw):
        malformed(where, objection)
    if not raw.isascii() and not flags & records.UTF8:
        # Without the flag a name is in code page 437 (APPNOTE D.1), and some readers take it so.
        malformed(where, "the name is not ASCII, but not flagged as UTF-8 (flag bit 11)")
    return raw.decode()


def _sizes(header: LocalHeader, raw: bytes, extra: bytes, where: str) -> tuple[int, int]:
    if header.flags & records.DATA_DESCRIPTOR:
        malformed(where, "its sizes follow in a data descriptor (flag bit 3): write them ahead")
    known = records.ENCRYPTED | records.HARMLESS
    if header.flags & ~known:
        malformed(where, f"it sets flags that mean nothing in a wheel (0x{header.flags:04x})")
    records.expect_known(header.needed, where)
    return records.local_sizes(header, records.zip64_field(extra, raw, where), where)


def _expect_readable(header: LocalHeader, where: str) -> None:
    if header.flags & records.ENCRYPTED:
        raise Refused(Reason.ZIP_ENCRYPTED, f"{where} is encrypted")
    if header.method not in (records.STORED, records.DEFLATED):
        raise Refused(
            Reason.ZIP_METHOD,
            f"{where} is compressed by method {header.method}: store or deflate it",
        )


def _expect_safe(name: str, unpacked: int, where: str) -> None:
    if objection := objection_to_path(name):
        raise Refused(Reason.ZIP_PATH, f"{where}: {objection}")
    if name.endswith("/") and unpacked:
        raise Refused(Reason.ZIP_PATH, f"{where}: the path of a directory, but it has content")


def _content(
    source: Source,
    header: LocalHeader,
    packed: int,
    unpacked: int,
    keep: bytearray | None,
    where: str,
) -> Content:
    if header.method == records.STORED and packed != unpacked:
        # Looked at first: what is kept may not be larger than what was admitted.
        raise Refused(Reason.ZIP_CORRUPT, f"{where} is stored, but declares two sizes")
    if header.method == records.STORED:
        content = consume(source.pieces(packed, PIECE), keep)
    else:
        content = consume(deflated(source, packed, unpacked, where), keep)
    if content.size != unpacked:
        raise Refused(
            Reason.ZIP_CORRUPT,
            f"{where} unpacks to another size than the {unpacked} bytes it declares",
        )
    if content.crc != header.crc:
        raise Refused(Reason.ZIP_CORRUPT, f"{where}: its content does not have the CRC it declares")
    return content
