"""The fixed corpus of the benchmark: the same bytes on every machine, made once.

Large archives are put together from a few deflated blocks, so that a gigabyte takes seconds.
"""

import hashlib
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from struct import pack
from typing import BinaryIO

from checks.policy import GIB, MIB
from testing.corpus.archive import (
    DEFLATED,
    MAX16,
    MAX32,
    STORED,
    Central,
    Entry,
    central_header,
    end_record,
    local_header,
    zip64_end_record,
    zip64_extra,
)
from testing.corpus.wheels import DIST_INFO, FILENAME, METADATA, WHEEL

LEVEL = 6
BLOCK = 256 * 1024
BLOCKS = 32
"""Different ones; what makes up the rest repeats them."""
SMALL_WHEELS = 2000
SMALL_SIZE = 10_000
MEMBERS = 100_000


@dataclass(frozen=True)
class Member:
    """A member whose packed bytes come in pieces."""

    name: str
    pieces: tuple[bytes, ...]
    """Packed."""
    crc: int
    sha256: bytes
    packed: int
    unpacked: int
    method: int = DEFLATED

    def entry(self) -> Entry:
        """Its headers, with sizes in a ZIP64 field where they need one."""
        entry = Entry(
            self.name.encode(),
            method=self.method,
            data=b"",
            crc=self.crc,
            packed=self.packed,
            unpacked=self.unpacked,
        )
        if self.unpacked > MAX32:
            extra = zip64_extra(self.unpacked, self.packed)
            central = Central(extra=extra)
            entry = replace(entry, packed=MAX32, unpacked=MAX32, extra=extra, central=central)
        return entry.resolved()

    def row(self) -> bytes:
        """Its line of RECORD."""
        digest = urlsafe_b64encode(self.sha256).rstrip(b"=").decode()
        return f"{self.name},sha256={digest},{self.unpacked}\n".encode()


def member(name: str, content: bytes, method: int = DEFLATED) -> Member:
    """A member of that content, packed as build back ends do."""
    packed = content if method == STORED else _deflated(content, zlib.Z_FINISH)
    return Member(
        name,
        (packed,),
        zlib.crc32(content),
        hashlib.sha256(content).digest(),
        len(packed),
        len(content),
        method,
    )


def write(path: Path, members: Iterable[Member], dist_info: str = DIST_INFO) -> None:
    """Write a wheel of these members, with its papers, in one pass."""
    with path.open("wb") as file:
        write_to(file, members, dist_info, METADATA)


def write_to(file: BinaryIO, members: Iterable[Member], dist_info: str, metadata: bytes) -> None:
    """Write a wheel of these members and this METADATA."""
    rows, directory = bytearray(), []

    def add(one: Member) -> None:
        entry = one.entry()
        directory.append(central_header(entry, file.tell()))
        file.write(local_header(entry))
        file.writelines(one.pieces)

    papers = (
        member(f"{dist_info}/METADATA", metadata),
        member(f"{dist_info}/WHEEL", WHEEL),
    )
    for one in (*members, *papers):
        add(one)
        rows += one.row()
    rows += f"{dist_info}/RECORD,,\n".encode()
    add(member(f"{dist_info}/RECORD", bytes(rows)))
    start = file.tell()
    size = sum(map(len, directory))
    file.writelines(directory)
    file.write(_end(len(directory), size, start))


def _end(count: int, size: int, start: int) -> bytes:
    """The end record, and a ZIP64 one ahead of it where there are more members than it counts."""
    if count < MAX16:
        return end_record(count, size, start, {}, b"")
    locator = b"PK\x06\x07" + pack("<IQI", 0, start + size, 1)
    counts = {"entries_on_disk": MAX16, "entries": MAX16}
    return (
        zip64_end_record(count, size, start, {}) + locator + end_record(0, size, start, counts, b"")
    )


def many_members(size: int = GIB) -> Iterator[Member]:
    """Files of a quarter MiB at ratio 3, to so many bytes packed."""
    blocks = [member("", block) for block in text_blocks()]
    number, packed = 0, 0
    while packed < size - 4 * MIB:
        one = blocks[number % BLOCKS]
        name = f"acme/part{number // 100}/module{number}.py"
        yield Member(name, one.pieces, one.crc, one.sha256, one.packed, one.unpacked)
        number, packed = number + 1, packed + one.packed


def huge_member(rounds: int = 128) -> Member:
    """One member of 1 GiB at ratio 3."""
    return _repeated("acme/huge.bin", text_blocks(), rounds)


def tiny_members(count: int) -> Iterator[Member]:
    """Files of a few bytes."""
    for number in range(count - 3):
        yield member(f"acme/part{number // 500}/tiny{number}.txt", b"%d\n" % number * 12)


def bomb() -> Member:
    """10 GB of zeros in 10 MB."""
    return _repeated("acme/zeros", [bytes(MIB)], 9537)


def stored_member(size: int) -> Member:
    """One member that is not compressed."""
    block = Random(3).randbytes(MIB)  # noqa: S311 - the same bytes every time
    pieces = (block,) * (size // MIB)
    crc, sha256 = 0, hashlib.sha256()
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
        sha256.update(piece)
    return Member(
        "acme/stored.bin",
        pieces,
        crc,
        sha256.digest(),
        len(pieces) * MIB,
        len(pieces) * MIB,
        STORED,
    )


def small_wheel(number: int) -> tuple[str, bytes]:
    """The name and the bytes of a wheel of 10 KB, of three modules."""
    project = f"small{number}"
    random = Random(number)  # noqa: S311 - the same bytes every time
    contents = [random.randbytes(SMALL_SIZE // 4).hex().encode()[: SMALL_SIZE // 2] for _ in "abc"]
    members = [member(f"{project}/{at}.py", each) for at, each in enumerate(contents)]
    buffer = BytesIO()
    metadata = METADATA.replace(b"acme", project.encode())
    write_to(buffer, members, f"{project}-1.0.dist-info", metadata)
    return FILENAME.replace("acme", project), buffer.getvalue()


@cache
def text_blocks() -> list[bytes]:
    """Blocks that deflate to a third at level 6, as source code and machine code about do."""
    random = Random(7)  # noqa: S311 - the same bytes every time
    words = [random.randbytes(random.randint(1, 6)).hex().encode() for _ in range(1800)]
    return [_text(random, words) for _ in range(BLOCKS)]


def _text(random: Random, words: list[bytes]) -> bytes:
    text = b" ".join(random.choices(words, k=BLOCK // 4))
    return text[:BLOCK]


def _deflated(content: bytes, flush: int) -> bytes:
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush(flush)


def _repeated(name: str, blocks: list[bytes], rounds: int) -> Member:
    """One deflate stream of all the blocks, so many times."""
    packed = [_deflated(block, zlib.Z_FULL_FLUSH) for block in blocks]
    crc, sha256 = 0, hashlib.sha256()
    for _ in range(rounds):
        for block in blocks:
            crc = zlib.crc32(block, crc)
            sha256.update(block)
    pieces = (*packed * rounds, _deflated(b"", zlib.Z_FINISH))
    size = sum(map(len, blocks)) * rounds
    return Member(name, pieces, crc, sha256.digest(), sum(map(len, pieces)), size)


Maker = Callable[[Path], None]

ARCHIVES: dict[str, Maker] = {
    "many members, 1 GiB": lambda path: write(path, many_members()),
    "one member of 1 GiB": lambda path: write(path, [huge_member()]),
    "100 000 members": lambda path: write(path, tiny_members(MEMBERS)),
    "2 GiB, stored": lambda path: write(path, [stored_member(2 * GIB - MIB)]),
    "bomb, 10 GB in 10 MB": lambda path: write(path, [bomb()]),
}
"""Each makes the file at the path."""


def made(directory: Path) -> dict[str, Path]:
    """The archives by what they are; those that are not there yet are made."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for number, (title, make) in enumerate(ARCHIVES.items()):
        paths[title] = path = directory / f"{number}-{'-'.join(title.replace(',', '').split())}.whl"
        if not path.exists():
            print(f"making {title}", flush=True)
            partial = path.with_suffix(".part")
            make(partial)
            partial.rename(path)
    return paths
