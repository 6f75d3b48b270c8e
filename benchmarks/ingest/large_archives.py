"""Fixed corpus of the benchmark: the same bytes on every machine, made once.

Large archives are composed of a few deflated blocks, so that a gigabyte takes seconds.
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
"""Number of different blocks, which are repeated to the full size."""
SMALL_WHEELS = 2000
SMALL_SIZE = 10_000
MEMBERS = 100_000


@dataclass(frozen=True)
class PackedMember:
    """Member with its packed bytes in pieces."""

    name: str
    pieces: tuple[bytes, ...]
    """Packed bytes."""
    crc: int
    sha256: bytes
    packed: int
    unpacked: int
    method: int = DEFLATED

    def make_entry(self) -> Entry:
        """Return its headers, with a ZIP64 field for sizes that need one."""
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
        return entry.resolve()

    def make_row(self) -> bytes:
        """Return its line of RECORD."""
        digest = urlsafe_b64encode(self.sha256).rstrip(b"=").decode()
        return f"{self.name},sha256={digest},{self.unpacked}\n".encode()


def pack_member(name: str, content: bytes, method: int = DEFLATED) -> PackedMember:
    """Pack a member as build back ends do."""
    packed = content if method == STORED else _deflate(content, zlib.Z_FINISH)
    return PackedMember(
        name,
        (packed,),
        zlib.crc32(content),
        hashlib.sha256(content).digest(),
        len(packed),
        len(content),
        method,
    )


def write(path: Path, members: Iterable[PackedMember], dist_info: str = DIST_INFO) -> None:
    """Write a wheel of these members and its metadata files in one pass."""
    with path.open("wb") as file:
        write_to(file, members, dist_info, METADATA)


def write_to(
    file: BinaryIO, members: Iterable[PackedMember], dist_info: str, metadata: bytes
) -> None:
    """Write a wheel of these members and this METADATA."""
    rows, directory = bytearray(), []

    def add(packed_member: PackedMember) -> None:
        entry = packed_member.make_entry()
        directory.append(central_header(entry, file.tell()))
        file.write(local_header(entry))
        file.writelines(packed_member.pieces)

    metadata_files = (
        pack_member(f"{dist_info}/METADATA", metadata),
        pack_member(f"{dist_info}/WHEEL", WHEEL),
    )
    for packed_member in (*members, *metadata_files):
        add(packed_member)
        rows += packed_member.make_row()
    rows += f"{dist_info}/RECORD,,\n".encode()
    add(pack_member(f"{dist_info}/RECORD", bytes(rows)))
    start = file.tell()
    size = sum(map(len, directory))
    file.writelines(directory)
    file.write(_make_end_records(len(directory), size, start))


def _make_end_records(count: int, size: int, start: int) -> bytes:
    """Return the end record, after a ZIP64 one if the number of members needs it."""
    if count < MAX16:
        return end_record(count, size, start, {}, b"")
    locator = b"PK\x06\x07" + pack("<IQI", 0, start + size, 1)
    counts = {"entries_on_disk": MAX16, "entries": MAX16}
    return (
        zip64_end_record(count, size, start, {}) + locator + end_record(0, size, start, counts, b"")
    )


def make_many_members(size: int = GIB) -> Iterator[PackedMember]:
    """Make files of a quarter MiB at ratio 3, up to ``size`` packed bytes."""
    blocks = [pack_member("", content) for content in make_text_blocks()]
    number, packed = 0, 0
    while packed < size - 4 * MIB:
        block = blocks[number % BLOCKS]
        name = f"acme/part{number // 100}/module{number}.py"
        yield PackedMember(
            name,
            block.pieces,
            block.crc,
            block.sha256,
            block.packed,
            block.unpacked,
        )
        number, packed = number + 1, packed + block.packed


def make_huge_member(rounds: int = 128) -> PackedMember:
    """Make one member of 1 GiB at ratio 3."""
    return _repeat_blocks("acme/huge.bin", make_text_blocks(), rounds)


def make_tiny_members(count: int) -> Iterator[PackedMember]:
    """Make files of a few bytes."""
    for number in range(count - 3):
        yield pack_member(f"acme/part{number // 500}/tiny{number}.txt", b"%d\n" % number * 12)


def make_bomb() -> PackedMember:
    """Make a member of 10 GB of zeros in 10 MB."""
    return _repeat_blocks("acme/zeros", [bytes(MIB)], 9537)


def make_stored_member(size: int) -> PackedMember:
    """Make one member that is not compressed."""
    block = Random(3).randbytes(MIB)  # noqa: S311 - the same bytes every time
    pieces = (block,) * (size // MIB)
    crc, sha256 = 0, hashlib.sha256()
    for piece in pieces:
        crc = zlib.crc32(piece, crc)
        sha256.update(piece)
    return PackedMember(
        "acme/stored.bin",
        pieces,
        crc,
        sha256.digest(),
        len(pieces) * MIB,
        len(pieces) * MIB,
        STORED,
    )


def make_small_wheel(number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a wheel of 10 KB with three modules."""
    project = f"small{number}"
    random = Random(number)  # noqa: S311 - the same bytes every time
    contents = [random.randbytes(SMALL_SIZE // 4).hex().encode()[: SMALL_SIZE // 2] for _ in "abc"]
    members = [pack_member(f"{project}/{index}.py", each) for index, each in enumerate(contents)]
    buffer = BytesIO()
    metadata = METADATA.replace(b"acme", project.encode())
    write_to(buffer, members, f"{project}-1.0.dist-info", metadata)
    return FILENAME.replace("acme", project), buffer.getvalue()


@cache
def make_text_blocks() -> list[bytes]:
    """Make blocks that deflate to a third at level 6, like source code and machine code."""
    random = Random(7)  # noqa: S311 - the same bytes every time
    words = [random.randbytes(random.randint(1, 6)).hex().encode() for _ in range(1800)]
    return [_make_text(random, words) for _ in range(BLOCKS)]


def _make_text(random: Random, words: list[bytes]) -> bytes:
    text = b" ".join(random.choices(words, k=BLOCK // 4))
    return text[:BLOCK]


def _deflate(content: bytes, flush: int) -> bytes:
    deflater = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(content) + deflater.flush(flush)


def _repeat_blocks(name: str, blocks: list[bytes], rounds: int) -> PackedMember:
    """Return one deflate stream of all blocks, repeated ``rounds`` times."""
    packed = [_deflate(block, zlib.Z_FULL_FLUSH) for block in blocks]
    crc, sha256 = 0, hashlib.sha256()
    for _ in range(rounds):
        for block in blocks:
            crc = zlib.crc32(block, crc)
            sha256.update(block)
    pieces = (*packed * rounds, _deflate(b"", zlib.Z_FINISH))
    size = sum(map(len, blocks)) * rounds
    return PackedMember(name, pieces, crc, sha256.digest(), sum(map(len, pieces)), size)


Maker = Callable[[Path], None]

ARCHIVES: dict[str, Maker] = {
    "many members, 1 GiB": lambda path: write(path, make_many_members()),
    "one member of 1 GiB": lambda path: write(path, [make_huge_member()]),
    "100 000 members": lambda path: write(path, make_tiny_members(MEMBERS)),
    "2 GiB, stored": lambda path: write(path, [make_stored_member(2 * GIB - MIB)]),
    "bomb, 10 GB in 10 MB": lambda path: write(path, [make_bomb()]),
}
"""Makers of the archives, by title."""


def make_archives(directory: Path) -> dict[str, Path]:
    """Make the missing archives; return the paths of all by title."""
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
