"""Contract of ``cloud.ports.Bucket`` for readers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from cloud.errors import NotFound
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from testing.fakes.bucket_factories import BucketFactory

PLAIN = Headers("text/plain", "no-store")
WHEEL = Headers(
    "application/octet-stream",
    "public, max-age=31536000, immutable",
    {"sha256": "00" * 32, "upload-time": "2026-11-01T00:00:00Z", "uploader": "Zoë/東京"},
)
THREADS = 16


@pytest.fixture
def bucket(site: BucketFactory) -> Bucket:
    return site.bucket()


@pytest.fixture
def incoming(site: BucketFactory) -> Bucket:
    return site.bucket()


def read_all(bucket: Bucket, info: ObjectInfo) -> bytes:
    return b"".join(bucket.stream(info))


def overwrite(bucket: Bucket, info: ObjectInfo, data: bytes = b"newer") -> ObjectInfo:
    return bucket.write(info.name, data, PLAIN, if_generation=info.generation)


# stat


def test_an_absent_object_has_no_stat(bucket: Bucket) -> None:
    assert bucket.stat("absent") is None
    assert bucket.stat("absent", 12345) is None


def test_stat_equals_the_result_of_the_write(bucket: Bucket) -> None:
    written = bucket.write("a/b c+ü.whl", b"wheel", WHEEL, if_generation=0)
    assert bucket.stat("a/b c+ü.whl") == written
    assert bucket.stat("a/b c+ü.whl", written.generation) == written


def test_info_has_the_written_properties(bucket: Bucket) -> None:
    written = bucket.write("a.whl", b"wheel", WHEEL, if_generation=0)
    assert written.generation > 0
    assert written == ObjectInfo(
        name="a.whl",
        generation=written.generation,
        size=5,
        created=written.created,
        content_type="application/octet-stream",
        content_encoding="",
        metadata=WHEEL.metadata,
    )
    assert written.created.tzinfo is not None
    assert abs(datetime.now(UTC) - written.created) < timedelta(minutes=1)


def test_a_superseded_generation_has_no_stat(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    second = overwrite(bucket, first)
    assert bucket.stat("a", first.generation) is None
    assert bucket.stat("a") == second


# read


def test_reading_an_absent_object_returns_none(bucket: Bucket) -> None:
    assert bucket.read("absent") is None


@pytest.mark.parametrize("data", [b"", b"some bytes", bytes(range(256)) * 5000])
def test_read_returns_the_bytes_with_their_generation(bucket: Bucket, data: bytes) -> None:
    written = bucket.write("a", data, PLAIN, if_generation=0)
    read = bucket.read("a")
    assert read == StoredObject(written.generation, data)
    assert read.data == data


def test_read_returns_the_live_generation(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    second = overwrite(bucket, first, b"2")
    assert bucket.read("a") == StoredObject(second.generation, b"2")


@pytest.mark.parametrize(("size", "is_whole"), [(0, True), (1, True), (99, True), (100, False)])
def test_the_bytes_of_an_object_up_to_a_limit_are_read(
    bucket: Bucket, size: int, is_whole: bool
) -> None:
    written = bucket.write("a", bytes(size), PLAIN, if_generation=0)
    whole = StoredObject(written.generation, bytes(size))
    assert bucket.read_up_to("a", 99) == (whole if is_whole else size)
    assert bucket.read_up_to("absent", 99) is None


# stream


@pytest.mark.parametrize(
    ("start", "end"), [(0, None), (3, None), (0, 4), (3, 4), (3, 99), (9, None), (0, 10), (0, 1)]
)
def test_stream_yields_the_range(bucket: Bucket, start: int, end: int | None) -> None:
    info = bucket.write("a", b"0123456789", PLAIN, if_generation=0)
    assert b"".join(bucket.stream(info, start=start, end=end)) == b"0123456789"[start:end]


@pytest.mark.parametrize(("start", "end"), [(4, 4), (10, None), (99, None), (0, 0)])
def test_an_empty_range_yields_nothing(bucket: Bucket, start: int, end: int | None) -> None:
    info = bucket.write("a", b"0123456789", PLAIN, if_generation=0)
    assert b"".join(bucket.stream(info, start=start, end=end)) == b""


def test_an_empty_object_yields_nothing(bucket: Bucket) -> None:
    assert read_all(bucket, bucket.write("a", b"", PLAIN, if_generation=0)) == b""


def test_a_large_object_comes_in_chunks(bucket: Bucket) -> None:
    data = bytes(range(256)) * 40_000
    info = bucket.write("a", data, PLAIN, if_generation=0)
    chunks = list(bucket.stream(info))
    assert b"".join(chunks) == data
    assert len(chunks) > 1
    assert max(map(len, chunks)) <= 8 * 1024 * 1024


def test_stream_never_yields_another_generation(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    overwrite(bucket, first)
    with pytest.raises(NotFound):
        read_all(bucket, first)


def test_stream_notices_a_change_between_two_chunks(bucket: Bucket) -> None:
    first = bucket.write("a", bytes(10_000_000), PLAIN, if_generation=0)
    chunks = bucket.stream(first)
    next(chunks)
    overwrite(bucket, first)
    with pytest.raises(NotFound):
        list(chunks)


# list


def test_an_empty_bucket_lists_nothing(bucket: Bucket) -> None:
    assert list(bucket.list()) == []
    assert list(bucket.list("a")) == []


def test_list_yields_the_infos_by_name(bucket: Bucket) -> None:
    infos = [
        bucket.write(name, b"x", WHEEL, if_generation=0) for name in ("b", "a/ü", "a/b/c", "a", "Z")
    ]
    assert list(bucket.list()) == sorted(infos, key=lambda info: info.name)


def test_list_yields_only_names_with_the_prefix(bucket: Bucket) -> None:
    for name in ("a", "a/1", "a/2/3", "a0", "b", "x/a/1"):
        bucket.write(name, b"", PLAIN, if_generation=0)
    assert [info.name for info in bucket.list("a/")] == ["a/1", "a/2/3"]
    assert [info.name for info in bucket.list("a/2/3")] == ["a/2/3"]


def test_list_reads_all_pages(bucket: Bucket) -> None:
    names = [f"p/{number:04}" for number in range(1005)]  # a page has 1000 names
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda name: bucket.write(name, b"", PLAIN, if_generation=0), names))
    assert [info.name for info in bucket.list("p/")] == names


def test_list_yields_only_live_objects(site: BucketFactory, bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    second = overwrite(bucket, first)
    bucket.write("b", b"1", PLAIN, if_generation=0)
    site.remove(bucket, "b")
    assert list(bucket.list()) == [second]
