"""Bombs and giants: refused at the header that gives them away, in memory that does not grow."""

import time
import tracemalloc
from collections.abc import Iterable, Iterator

import pytest

from checks.distribution import verify
from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused
from testing.corpus.archive import (
    MAX32,
    STORED,
    Archive,
    Central,
    Entry,
    central_header,
    extra_field,
    local_header,
    zip64_extra,
)
from testing.corpus.wheels import FILENAME, WHEEL, metadata, wheel

PIECE = bytes(MIB)


def _refusal(chunks: Iterable[bytes], size: int | None = None) -> Refused:
    with pytest.raises(Refused) as refused:
        verify(FILENAME, chunks, Policy(), size)
    return refused.value


def test_a_bomb_of_10_gb_in_10_mb_is_refused_at_its_header() -> None:
    packed, unpacked = 10 * MIB, 10 * 10**9
    entry = Entry(
        b"acme/bomb",
        data=b"",
        packed=MAX32,
        unpacked=MAX32,
        extra=zip64_extra(unpacked, packed),
    )
    header = local_header(entry.resolved())

    def chunks() -> Iterator[bytes]:
        yield header + bytes(1000)
        raise AssertionError("read beyond the header")

    assert _refusal(chunks(), packed + 1000).reason == Reason.ZIP_BOMB


def test_inflating_stops_one_byte_after_what_is_declared() -> None:
    bomb = Entry(b"acme/bomb", content=PIECE * 60, unpacked=10)
    data = wheel().add(bomb).build()
    started = time.monotonic()
    assert _refusal([data]).reason == Reason.ZIP_CORRUPT
    assert time.monotonic() - started < 0.5


def test_a_very_compressible_member_passes_if_the_others_make_up_for_it() -> None:
    stored = Entry(b"acme/b", bytes(2 * MIB), method=STORED)
    zeros = Entry(b"acme/a", bytes(70 * MIB))
    papers = wheel()
    data = Archive((zeros, stored, *papers.entries)).build()
    assert _refusal([data], len(data)).reason == Reason.BAD_RECORD
    assert _refusal([data]).reason == Reason.ZIP_BOMB


def test_the_ratio_is_judged_again_when_all_members_are_known() -> None:
    zeros = Entry(b"acme/a", bytes(65 * MIB))
    padding = extra_field(0xCAFE, bytes(65_000))
    data = Archive((zeros, *wheel().entries)).amend(b"acme/__init__.py", extra=padding)
    built = data.amend(b"acme/a", extra=padding).build()
    assert _refusal([built], 2 * MIB).reason == Reason.ZIP_BOMB


def test_names_that_no_directory_could_hold_are_refused() -> None:
    def chunks() -> Iterator[bytes]:
        for number in range(70_000):
            name = b"a" * 255 + b"/%0255d" % number
            yield local_header(Entry(name, method=STORED).resolved())

    refusal = _refusal(chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "central directory exceeds" in refusal.detail


def test_paths_through_more_directories_than_anyone_has_are_refused() -> None:
    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            name = b"%d" % number + b"/a" * 250
            yield local_header(Entry(name, method=STORED).resolved())

    refusal = _refusal(chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "more than 100000 directories" in refusal.detail


def test_a_directory_of_extra_fields_over_32_mib_is_refused() -> None:
    entries = [Entry(b"%d" % number, method=STORED).resolved() for number in range(600)]
    local = [local_header(entry) for entry in entries]
    extra = extra_field(0xCAFE, bytes(65_000))

    def chunks() -> Iterator[bytes]:
        yield from local
        offset = 0
        for entry, header in zip(entries, local, strict=True):
            central = Entry(entry.name, method=STORED, central=Central(extra=extra))
            yield central_header(central.resolved(), offset)
            offset += len(header)

    refusal = _refusal(chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "central directory is too large" in refusal.detail


def test_a_stored_paper_is_not_kept_beyond_the_size_that_was_admitted() -> None:
    name = b"acme-1.0.dist-info/METADATA"
    entry = Entry(name, data=b"", method=STORED, packed=MAX32 - 1, unpacked=10)

    def chunks() -> Iterator[bytes]:
        yield local_header(entry.resolved()) + bytes(1000)
        raise AssertionError("read beyond the header")

    assert _refusal(chunks()).reason == Reason.ZIP_CORRUPT


def test_memory_does_not_grow_with_the_content() -> None:
    def peak(size: int) -> int:
        data = wheel({"acme/x": PIECE[: size // 100] * 100}).build()
        tracemalloc.start()
        verify(FILENAME, (data[at : at + MIB] for at in range(0, len(data), MIB)), Policy())
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(60 * MIB) < peak(1 * MIB) + 2 * MIB


def test_memory_of_many_members_stays_below_a_kilobyte_each() -> None:
    count = 5_000
    files = {f"acme/{number:04}{'x' * 245}.py": b"" for number in range(count)}
    data = wheel(files, metadata=metadata(), wheel_file=WHEEL).build()
    tracemalloc.start()
    verify(FILENAME, (data[at : at + MIB] for at in range(0, len(data), MIB)), Policy())
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert top / count < 1000 + 2 * MIB / count
