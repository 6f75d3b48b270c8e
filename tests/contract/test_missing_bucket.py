"""A lost bucket is no empty bucket: contract of ``Bucket``, and of the services that use it.

Cloud Storage answers 404 for an absent object and for an absent bucket.
"""

import pytest

from cloud.errors import MissingBucket, NotFound
from cloud.ports import Bucket, Headers
from schemas.events import FileRefused
from testing.fakes.bucket_factories import BucketFactory
from testing.services.memory_index import MemoryIndex

PLAIN = Headers("text/plain", "no-store")


@pytest.fixture
def lost(site: BucketFactory) -> Bucket:
    bucket = site.bucket()
    site.drop(bucket)
    return bucket


@pytest.fixture
def uploads(site: BucketFactory) -> Bucket:
    bucket = site.bucket()
    bucket.write("a", b"1", PLAIN, if_generation=0)
    return bucket


def test_no_object_of_a_lost_bucket_is_absent(lost: Bucket) -> None:
    with pytest.raises(MissingBucket, match=f"gs://{lost.name}/a: .*restore the bucket"):
        lost.stat("a")
    with pytest.raises(MissingBucket):
        lost.stat("a", 12345)
    with pytest.raises(MissingBucket):
        lost.read("a")


def test_a_lost_bucket_has_no_listing(lost: Bucket) -> None:
    with pytest.raises(MissingBucket):
        list(lost.list("a"))


def test_a_lost_bucket_cannot_be_written(lost: Bucket) -> None:
    with pytest.raises(MissingBucket):
        lost.write("a", b"1", PLAIN, if_generation=0)


def test_a_rewrite_into_a_lost_bucket_does_not_blame_its_source(
    lost: Bucket, uploads: Bucket
) -> None:
    info = uploads.stat("a")
    assert info is not None
    with pytest.raises(MissingBucket):
        lost.rewrite(uploads, info, "a", PLAIN)


def test_a_rewrite_of_a_deleted_source_is_not_found(site: BucketFactory, uploads: Bucket) -> None:
    info = uploads.stat("a")
    assert info is not None
    site.remove(uploads, "a")
    with pytest.raises(NotFound):
        site.bucket().rewrite(uploads, info, "a", PLAIN)


@pytest.mark.parametrize("bucket", ["packages", "verdicts", "metadata", "static"])
def test_messages_wait_until_a_lost_bucket_is_restored(bucket: str) -> None:
    """No service refuses an upload, or writes a new record, because of a lost bucket."""
    index = MemoryIndex.publish_all()
    state = index.storage.buckets.pop(bucket)
    outage = iter(range(4))

    def restore(operation: str, name: str, object_name: str) -> None:
        if next(outage, None) is None:
            index.storage.buckets[bucket] = state

    index.buckets[bucket].before = restore
    index.run(index.upload("acme", "9.0"))
    assert not list(outage)
    assert not [each for each in index.pipeline.messages if isinstance(each, FileRefused)]
    page = index.data("static")["simple/acme/index.v1.json"]
    assert {
        name in page for name in (b"acme-2.0-py3-none-any.whl", b"acme-9.0-py3-none-any.whl")
    } == {True}
