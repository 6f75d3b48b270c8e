"""Contract of ``cloud.ports.Bucket`` for writers: the first write succeeds, and none is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud.errors import NotFound, PreconditionFailed
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


def overwrite(bucket: Bucket, info: ObjectInfo, data: bytes = b"newer") -> ObjectInfo:
    return bucket.write(info.name, data, PLAIN, if_generation=info.generation)


def run_concurrently(act: Callable[[int], bool]) -> int:
    """Call ``act`` in all threads at the same time, and return the number of successes."""
    barrier = threading.Barrier(THREADS)

    def run(number: int) -> bool:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(run, range(THREADS)))


# write


def test_a_name_that_is_taken_cannot_be_created(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    with pytest.raises(PreconditionFailed, match=f"gs://{bucket.name}/a"):
        bucket.write("a", b"2", PLAIN, if_generation=0)
    assert bucket.read("a") == StoredObject(first.generation, b"1")


def test_a_large_object_cannot_be_created_over_another(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    with pytest.raises(PreconditionFailed):
        bucket.write("a", bytes(10_000_000), PLAIN, if_generation=0)
    assert bucket.read("a") == StoredObject(first.generation, b"1")


def test_a_write_replaces_the_generation_it_names(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    second = overwrite(bucket, first, b"2")
    assert second.generation != first.generation
    assert bucket.read("a") == StoredObject(second.generation, b"2")


def test_a_write_does_not_replace_a_generation_it_does_not_name(bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    second = overwrite(bucket, first, b"2")
    with pytest.raises(PreconditionFailed):
        bucket.write("a", b"3", PLAIN, if_generation=first.generation)
    assert bucket.read("a") == StoredObject(second.generation, b"2")


def test_a_write_does_not_replace_a_deleted_object(site: BucketFactory, bucket: Bucket) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    site.remove(bucket, "a")
    with pytest.raises(PreconditionFailed):
        overwrite(bucket, first)
    assert bucket.stat("a") is None


def test_a_name_is_free_after_the_deletion_of_its_object(
    site: BucketFactory, bucket: Bucket
) -> None:
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    site.remove(bucket, "a")
    again = bucket.write("a", b"1", PLAIN, if_generation=0)
    assert again.generation != first.generation


def test_a_write_sets_all_properties(site: BucketFactory, bucket: Bucket) -> None:
    first = bucket.write("a", b"1", WHEEL, if_generation=0)
    second = bucket.write("a", b"1", PLAIN, if_generation=first.generation)
    assert (second.content_type, second.metadata) == ("text/plain", {})
    assert site.cache_control(bucket, "a") == "no-store"


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/vnd.pypi.simple.v1+json", "x/y"]
)
def test_the_content_type_is_exact(bucket: Bucket, content_type: str) -> None:
    headers = Headers(content_type, "no-store")
    assert bucket.write("a.txt", b"", headers, if_generation=0).content_type == content_type


def test_one_of_many_creators_succeeds(bucket: Bucket) -> None:
    def create(number: int) -> bool:
        try:
            bucket.write("a", str(number).encode(), PLAIN, if_generation=0)
        except PreconditionFailed:
            return False
        return True

    assert run_concurrently(create) == 1


def test_no_update_is_lost_under_compare_and_swap(bucket: Bucket) -> None:
    bucket.write("a", b"", PLAIN, if_generation=0)

    def add(number: int) -> bool:
        while True:
            seen = bucket.read("a")
            assert seen is not None
            data = seen.data + bytes([number])
            try:
                bucket.write("a", data, PLAIN, if_generation=seen.generation)
            except PreconditionFailed:
                continue
            return True

    run_concurrently(add)
    final = bucket.read("a")
    assert final is not None
    assert sorted(final.data) == list(range(THREADS))


# rewrite


def test_rewrite_copies_the_bytes(bucket: Bucket, incoming: Bucket) -> None:
    source = incoming.write("acme/1/a.whl", b"wheel", PLAIN, if_generation=0)
    copy = bucket.rewrite(incoming, source, "a.whl", WHEEL)
    assert bucket.stat("a.whl") == copy
    assert bucket.read("a.whl") == StoredObject(copy.generation, b"wheel")
    assert incoming.stat("acme/1/a.whl") == source


def test_rewrite_inherits_nothing(site: BucketFactory, bucket: Bucket, incoming: Bucket) -> None:
    source = incoming.write("a", b"1", WHEEL, if_generation=0)
    copy = bucket.rewrite(incoming, source, "a", PLAIN)
    assert (copy.content_type, copy.metadata) == ("text/plain", {})
    assert site.cache_control(bucket, "a") == "no-store"


def test_rewrite_sets_the_given_properties(
    site: BucketFactory, bucket: Bucket, incoming: Bucket
) -> None:
    source = incoming.write("a", b"1", PLAIN, if_generation=0)
    copy = bucket.rewrite(incoming, source, "a", WHEEL)
    assert (copy.content_type, copy.metadata) == (WHEEL.content_type, WHEEL.metadata)
    assert site.cache_control(bucket, "a") == WHEEL.cache_control


def test_rewrite_never_replaces(bucket: Bucket, incoming: Bucket) -> None:
    source = incoming.write("a", b"1", PLAIN, if_generation=0)
    first = bucket.rewrite(incoming, source, "a", PLAIN)
    with pytest.raises(PreconditionFailed):
        bucket.rewrite(incoming, source, "a", PLAIN)
    assert bucket.stat("a") == first


def test_rewrite_of_a_superseded_generation_fails(bucket: Bucket, incoming: Bucket) -> None:
    source = incoming.write("a", b"1", PLAIN, if_generation=0)
    overwrite(incoming, source)
    with pytest.raises(NotFound):
        bucket.rewrite(incoming, source, "a", PLAIN)
    assert bucket.stat("a") is None


def test_rewrite_of_a_deleted_object_fails(
    site: BucketFactory, bucket: Bucket, incoming: Bucket
) -> None:
    source = incoming.write("a", b"1", PLAIN, if_generation=0)
    site.remove(incoming, "a")
    with pytest.raises(NotFound):
        bucket.rewrite(incoming, source, "a", PLAIN)


def test_one_of_many_rewriters_succeeds(bucket: Bucket, incoming: Bucket) -> None:
    sources = [
        incoming.write(f"{number}", b"1", PLAIN, if_generation=0) for number in range(THREADS)
    ]

    def promote(number: int) -> bool:
        try:
            bucket.rewrite(incoming, sources[number], "a", PLAIN)
        except PreconditionFailed:
            return False
        return True

    assert run_concurrently(promote) == 1
