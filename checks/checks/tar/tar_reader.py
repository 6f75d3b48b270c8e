"""Reader of a tar archive: only files and directories, each with one safe name."""

from collections.abc import Iterator

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
from checks.tar.extended_header import KINDS, NO_EXTENSION, Extension, parse_extension

MAX_EXTENSION_SIZE = 64 * 1024
"""Maximum size of a pax header or a GNU long name, in bytes."""


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
    names, extension = MemberNames(), NO_EXTENSION
    while (block := source.read_exactly(BLOCK_SIZE)) != blocks.END_BLOCK:
        where = f"tar header at byte {source.offset - BLOCK_SIZE}"
        header = blocks.parse_header(block, where)
        budget.add_member(where, packed=0, unpacked=0)
        if header.kind in KINDS:
            if any(extension):
                refuse_structure(where, "the header before it already extends the next member")
            extension = _read_extension(source, header, where)
        else:
            _expect_size(header, extension, where)
            _read_member(source, header, extension.path or header.name, names, budget, visitor)
            extension = NO_EXTENSION
    if any(extension):
        refuse_structure("end", "the member of the last extended header does not follow")
    _expect_end(source)


def _read_extension(source: Source, header: TarHeader, where: str) -> Extension:
    """Read an extended header; return its values for the next member."""
    if header.size > MAX_EXTENSION_SIZE:
        refuse_structure(
            where,
            f"it extends the next member by {header.size} bytes; the limit is {MAX_EXTENSION_SIZE}",
        )
    data = b"".join(_read_data(source, header.size, where))
    return parse_extension(header.kind, data, where)


def _expect_size(header: TarHeader, extension: Extension, where: str) -> None:
    if extension.size not in (b"", b"%d" % header.size):
        refuse_structure(
            where, f"its size is {header.size}, but {extension.size!a} in its pax header"
        )


def _read_member(
    source: Source,
    header: TarHeader,
    raw: bytes,
    names: MemberNames,
    budget: Budget,
    visitor: MemberVisitor,
) -> None:
    where = f"member {quote_name(raw)}"
    _expect_ordinary(header.kind, where)
    name = _add_name(raw, header, names, where)
    _check_path(name, header, where)
    budget.check_bytes(where, unpacked=header.size)
    consume(_read_data(source, header.size, where), visitor.visit(name, header.size))


def _expect_ordinary(kind: bytes, where: str) -> None:
    if kind not in (*blocks.FILES, blocks.DIRECTORY):
        raise Refused(
            Reason.SDIST_MEMBER,
            f"{where} is a link, a device or the like (type {kind!a})."
            " Pack only files and directories.",
        )


def _add_name(raw: bytes, header: TarHeader, names: MemberNames, where: str) -> str:
    """Add the name of a member; return it decoded, with a slash after that of a directory."""
    if fault := find_name_fault(raw):
        refuse_structure(where, fault, RENAME)
    name = raw.decode()
    if header.kind == blocks.DIRECTORY:
        name = name.removesuffix("/") + "/"
    if fault := names.add(name):
        refuse_structure(where, fault, RENAME)
    return name


def _check_path(name: str, header: TarHeader, where: str) -> None:
    is_directory = header.kind == blocks.DIRECTORY
    fault = find_path_fault(name)
    if not fault and name.endswith("/") != is_directory:
        fault = "a file is named as a directory"
    if fault:
        raise Refused(Reason.SDIST_PATH, f"{where}: {fault}. {RENAME}")
    if is_directory and header.size:
        refuse_structure(where, "it is a directory, but has content")


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
