"""Reader of a tar archive: only files and directories, each with one safe name."""

from collections.abc import Iterator
from typing import NamedTuple

from checks.archive.budget import Budget
from checks.archive.content import PIECE_SIZE, MemberVisitor, consume
from checks.archive.member_names import (
    RENAME,
    MemberNames,
    find_name_fault,
    find_path_fault,
    quote_name,
)
from checks.archive.source import Source, Truncated
from checks.refusal import Reason, Refused
from checks.tar import blocks
from checks.tar.blocks import BLOCK_SIZE, TarHeader, refuse_structure

MAX_EXTENSION_SIZE = 64 * 1024
"""Maximum size of a pax header or a GNU long name, in bytes."""

_CRITICAL_KEYS = (b"path", b"size", b"linkpath", b"hdrcharset")
"""Keys of pax records that change a member."""
_SUPPORTED_KEYS = (b"path", b"size")
"""Keys that are accepted for one member. The size has to be that of its header."""
_SPARSE_PREFIX = b"GNU.sparse."


class _Extension(NamedTuple):
    """Values for the next member from an extended header; empty if absent."""

    path: bytes = b""
    size: bytes = b""


_NO_EXTENSION = _Extension()


def read_tar(source: Source, budget: Budget, visitor: MemberVisitor) -> None:
    """Read the whole archive, with the padding after its end.

    :raises Refused: if readers could disagree about the archive, or a member is not allowed.
    """
    try:
        _read_archive(source, budget, visitor)
    except Truncated as truncated:
        raise Refused(
            Reason.SDIST_STRUCTURE,
            f"the tar archive ends at byte {truncated.offset}, without its two end blocks."
            " Build the sdist again.",
        ) from truncated


def _read_archive(source: Source, budget: Budget, visitor: MemberVisitor) -> None:
    names, extension = MemberNames(), _NO_EXTENSION
    while (block := source.read_exactly(BLOCK_SIZE)) != blocks.END_BLOCK:
        where = f"tar header at byte {source.offset - BLOCK_SIZE}"
        header = blocks.parse_header(block, where)
        budget.add_member(where, packed=0, unpacked=0)
        if header.kind in (blocks.PAX, blocks.GLOBAL_PAX, blocks.GNU_LONG_NAME):
            if any(extension):
                refuse_structure(where, "the header before it already extends the next member")
            extension = _read_extension(source, header, where)
        else:
            if extension.size not in (b"", b"%d" % header.size):
                refuse_structure(
                    where, f"its size is {header.size}, but {extension.size!a} in its pax header"
                )
            _read_member(source, header, extension.path or header.name, names, budget, visitor)
            extension = _NO_EXTENSION
    if any(extension):
        refuse_structure("end", "the member of the last extended header does not follow")
    _expect_end(source)


def _read_extension(source: Source, header: TarHeader, where: str) -> _Extension:
    """Read an extended header; return its values for the next member."""
    if header.size > MAX_EXTENSION_SIZE:
        refuse_structure(
            where,
            f"it extends the next member by {header.size} bytes; the limit is {MAX_EXTENSION_SIZE}",
        )
    data = b"".join(_read_data(source, header.size, where))
    if header.kind == blocks.GNU_LONG_NAME:
        return _Extension(data.rstrip(b"\0") or refuse_structure(where, "the long name is empty"))
    records = blocks.parse_pax_records(data, where)
    for key in records:
        if key.startswith(_SPARSE_PREFIX):
            raise Refused(
                Reason.SDIST_MEMBER,
                f"{where}: the next member is a sparse file. Pack it as an ordinary file.",
            )
        if key in _CRITICAL_KEYS and (
            header.kind == blocks.GLOBAL_PAX or key not in _SUPPORTED_KEYS
        ):
            refuse_structure(where, f"the pax record {key.decode('ascii')!a} is not accepted here")
    for key in _SUPPORTED_KEYS:
        if records.get(key) == b"":
            refuse_structure(where, f"the pax {key.decode('ascii')} is empty")
    return _Extension(records.get(b"path", b""), records.get(b"size", b""))


def _read_member(
    source: Source,
    header: TarHeader,
    raw: bytes,
    names: MemberNames,
    budget: Budget,
    visitor: MemberVisitor,
) -> None:
    where = f"member {quote_name(raw)}"
    if header.kind not in (*blocks.FILES, blocks.DIRECTORY):
        raise Refused(
            Reason.SDIST_MEMBER,
            f"{where} is a link, a device or the like (type {header.kind!a})."
            " Pack only files and directories.",
        )
    if fault := find_name_fault(raw):
        refuse_structure(where, fault, RENAME)
    is_directory = header.kind == blocks.DIRECTORY
    name = raw.decode().removesuffix("/") + "/" if is_directory else raw.decode()
    if fault := names.add(name):
        refuse_structure(where, fault, RENAME)
    fault = find_path_fault(name)
    if fault or name.endswith("/") != is_directory:
        raise Refused(
            Reason.SDIST_PATH, f"{where}: {fault or 'a file is named as a directory'}. {RENAME}"
        )
    if is_directory and header.size:
        refuse_structure(where, "it is a directory, but has content")
    budget.check_bytes(where, unpacked=header.size)
    consume(_read_data(source, header.size, where), visitor.visit(name, header.size))


def _read_data(source: Source, size: int, where: str) -> Iterator[memoryview]:
    """Yield the data of a member, and read the padding to a whole block."""
    yield from source.read_pieces(size, PIECE_SIZE)
    if any(source.read_exactly(-size % BLOCK_SIZE)):
        refuse_structure(where, "bytes are hidden in the padding after it")


def _expect_end(source: Source) -> None:
    """Require a second end block, and only zeros after it."""
    if source.read_exactly(BLOCK_SIZE) != blocks.END_BLOCK:
        refuse_structure(
            f"byte {source.offset - BLOCK_SIZE}", "the first end block is not followed by another"
        )
    while padding := source.read_some(PIECE_SIZE):
        if any(padding):
            refuse_structure(
                f"byte {source.offset}", "something follows the end of the tar archive"
            )
