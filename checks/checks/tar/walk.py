"""One walk over a tar archive: only plain files and directories, each named once and safely."""

from collections.abc import Iterator
from typing import NamedTuple

from checks.archive.budget import Budget
from checks.archive.content import PIECE, Watcher, consume
from checks.archive.member_names import Names, objection_to_name, objection_to_path, shown
from checks.archive.source import Source, Truncated
from checks.refusal import Reason, Refused
from checks.tar import headers
from checks.tar.headers import BLOCK, TarHeader, malformed

MAX_EXTENSION_SIZE = 64 * 1024
"""Of a pax header or a GNU long name, in bytes."""

_SURPRISES = (b"path", b"size", b"linkpath", b"hdrcharset")
"""pax records that change what a member is."""
_FINE = (b"path", b"size")
"""Those that are taken where they are about one member, and name a size that its header has too."""
_SPARSE = b"GNU.sparse."


class _Ahead(NamedTuple):
    """What is said of the next member, ahead of its header; empty where nothing is."""

    path: bytes = b""
    size: bytes = b""


_NOTHING = _Ahead()


def walk_tar(source: Source, budget: Budget, watcher: Watcher) -> None:
    """Read the whole archive, to the last byte of the padding after its end."""
    try:
        _walk(source, budget, watcher)
    except Truncated as truncated:
        raise Refused(
            Reason.SDIST_STRUCTURE,
            f"the tar archive ends at byte {truncated.offset}, without its two end blocks",
        ) from truncated


def _walk(source: Source, budget: Budget, watcher: Watcher) -> None:
    names, ahead = Names(), _NOTHING
    while (block := source.exactly(BLOCK)) != headers.END_BLOCK:
        where = f"tar header at byte {source.offset - BLOCK}"
        header = headers.tar_header(block, where)
        budget.admit(where, packed=0, unpacked=0)
        if header.kind in (headers.PAX, headers.GLOBAL_PAX, headers.GNU_LONG_NAME):
            if any(ahead):
                malformed(where, "it extends a header that extends the next one already")
            ahead = _extension(source, header, where)
        else:
            if ahead.size not in (b"", b"%d" % header.size):
                malformed(where, f"its size is {header.size}, and {ahead.size!a} by pax")
            _read_member(source, header, ahead.path or header.name, names, budget, watcher)
            ahead = _NOTHING
    if any(ahead):
        malformed("the end", "it is preceded by a header for a member that does not follow")
    _expect_end(source)


def _extension(source: Source, header: TarHeader, where: str) -> _Ahead:
    """Read a header about the next member, or all; answers with what it says of the next."""
    if header.size > MAX_EXTENSION_SIZE:
        malformed(where, f"it extends the next header by {header.size} bytes")
    data = b"".join(_data(source, header.size, where))
    if header.kind == headers.GNU_LONG_NAME:
        return _Ahead(data.rstrip(b"\0") or malformed(where, "the long name is empty"))
    records = headers.pax_records(data, where)
    for key in records:
        if key.startswith(_SPARSE):
            raise Refused(Reason.SDIST_MEMBER, f"{where}: the next member is a sparse file")
        if key in _SURPRISES and (header.kind == headers.GLOBAL_PAX or key not in _FINE):
            malformed(where, f"the pax record {key.decode('ascii')!a} is not accepted here")
    for key in _FINE:
        if records.get(key) == b"":
            malformed(where, f"the pax {key.decode('ascii')} is empty")
    return _Ahead(records.get(b"path", b""), records.get(b"size", b""))


def _read_member(
    source: Source,
    header: TarHeader,
    raw: bytes,
    names: Names,
    budget: Budget,
    watcher: Watcher,
) -> None:
    where = f"member {shown(raw)}"
    if header.kind not in (*headers.FILES, headers.DIRECTORY):
        raise Refused(
            Reason.SDIST_MEMBER,
            f"{where} is a link, a device or the like (type {header.kind!a}): only files and"
            " directories are accepted",
        )
    if objection := objection_to_name(raw):
        malformed(where, objection)
    is_directory = header.kind == headers.DIRECTORY
    name = raw.decode().removesuffix("/") + "/" if is_directory else raw.decode()
    if objection := names.add(name):
        malformed(where, objection)
    objection = objection_to_path(name)
    if objection or name.endswith("/") != is_directory:
        raise Refused(Reason.SDIST_PATH, f"{where}: {objection or 'a file named as a directory'}")
    if is_directory and header.size:
        malformed(where, "it is a directory, but has content")
    budget.foresee(where, unpacked=header.size)
    consume(_data(source, header.size, where), watcher.admit(name, header.size))


def _data(source: Source, size: int, where: str) -> Iterator[memoryview]:
    """The data of a member, without the padding to whole blocks."""
    yield from source.pieces(size, PIECE)
    if any(source.exactly(-size % BLOCK)):
        malformed(where, "something is hidden in the padding after it")


def _expect_end(source: Source) -> None:
    """Two blocks of zeros, and nothing but zeros after them."""
    if source.exactly(BLOCK) != headers.END_BLOCK:
        malformed(f"byte {source.offset - BLOCK}", "the first end block is not followed by another")
    while padding := source.some(PIECE):
        if any(padding):
            malformed(f"byte {source.offset}", "something follows the end of the tar archive")
