"""Archive bombs and huge archives (`checks.archive.budget`): early refusal in bounded memory."""

import tracemalloc
from collections.abc import Iterable, Iterator

import pytest

from checks.distribution import verify
from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused
from testing.calls import count_calls
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
from testing.corpus.wheels import FILENAME, WHEEL, make_metadata, make_wheel

PIECE = bytes(MIB)


def _get_refusal(chunks: Iterable[bytes], size: int | None = None) -> Refused:
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
    header = local_header(entry.resolve())

    def yield_chunks() -> Iterator[bytes]:
        yield header + bytes(1000)
        raise AssertionError("read beyond the header")

    assert _get_refusal(yield_chunks(), packed + 1000).reason == Reason.ZIP_BOMB


def test_inflation_stops_one_byte_after_the_declared_size() -> None:
    small, large = (
        make_wheel().add(Entry(b"acme/bomb", content=PIECE * count, unpacked=10)).build()
        for count in (1, 60)
    )
    assert _get_refusal([large]).reason == Reason.ZIP_CORRUPT
    assert count_calls(lambda: _get_refusal([large])) == count_calls(lambda: _get_refusal([small]))


def test_a_very_compressible_member_passes_with_enough_other_data() -> None:
    stored = Entry(b"acme/b", bytes(2 * MIB), method=STORED)
    zeros = Entry(b"acme/a", bytes(70 * MIB))
    rest = make_wheel()
    data = Archive((zeros, stored, *rest.entries)).build()
    assert _get_refusal([data], len(data)).reason == Reason.BAD_RECORD
    assert _get_refusal([data]).reason == Reason.ZIP_BOMB


def test_the_ratio_is_checked_again_after_the_last_member() -> None:
    zeros = Entry(b"acme/a", bytes(65 * MIB))
    padding = extra_field(0xCAFE, bytes(65_000))
    data = Archive((zeros, *make_wheel().entries)).amend(b"acme/__init__.py", extra=padding)
    built = data.amend(b"acme/a", extra=padding).build()
    assert _get_refusal([built], 2 * MIB).reason == Reason.ZIP_BOMB


def test_names_of_more_than_32_mib_are_refused() -> None:
    def yield_chunks() -> Iterator[bytes]:
        for number in range(70_000):
            name = b"a" * 255 + b"/%0255d" % number
            yield local_header(Entry(name, method=STORED).resolve())

    refusal = _get_refusal(yield_chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "central directory exceeds" in refusal.detail


def test_paths_through_more_than_100000_directories_are_refused() -> None:
    def yield_chunks() -> Iterator[bytes]:
        for number in range(1000):
            name = b"%d" % number + b"/a" * 250
            yield local_header(Entry(name, method=STORED).resolve())

    refusal = _get_refusal(yield_chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "more than 100000 directories" in refusal.detail


def test_a_directory_of_extra_fields_over_32_mib_is_refused() -> None:
    entries = [Entry(b"%d" % number, method=STORED).resolve() for number in range(600)]
    local = [local_header(entry) for entry in entries]
    extra = extra_field(0xCAFE, bytes(65_000))

    def yield_chunks() -> Iterator[bytes]:
        yield from local
        offset = 0
        for entry, header in zip(entries, local, strict=True):
            central = Entry(entry.name, method=STORED, central=Central(extra=extra))
            yield central_header(central.resolve(), offset)
            offset += len(header)

    refusal = _get_refusal(yield_chunks())
    assert refusal.reason == Reason.ZIP_STRUCTURE
    assert "central directory is too large" in refusal.detail


def test_a_stored_metadata_file_is_not_kept_beyond_its_declared_size() -> None:
    name = b"acme-1.0.dist-info/METADATA"
    entry = Entry(name, data=b"", method=STORED, packed=MAX32 - 1, unpacked=10)

    def yield_chunks() -> Iterator[bytes]:
        yield local_header(entry.resolve()) + bytes(1000)
        raise AssertionError("read beyond the header")

    assert _get_refusal(yield_chunks()).reason == Reason.ZIP_CORRUPT


def test_memory_does_not_grow_with_the_content() -> None:
    def measure_peak(size: int) -> int:
        data = make_wheel({"acme/x": PIECE[: size // 100] * 100}).build()
        tracemalloc.start()
        verify(FILENAME, (data[at : at + MIB] for at in range(0, len(data), MIB)), Policy())
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert measure_peak(60 * MIB) < measure_peak(1 * MIB) + 2 * MIB


def test_memory_of_many_members_stays_below_a_kilobyte_each() -> None:
    count = 5_000
    files = {f"acme/{number:04}{'x' * 245}.py": b"" for number in range(count)}
    data = make_wheel(files, metadata=make_metadata(), wheel_file=WHEEL).build()
    tracemalloc.start()
    verify(FILENAME, (data[at : at + MIB] for at in range(0, len(data), MIB)), Policy())
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert top / count < 1000 + 2 * MIB / count
