"""Errors and retries of a ``Bucket`` on a failing storage.

Faults are injected into the strict fake. The tests of retries are for the adapter only, because a
bucket in memory has no connection that can break.
"""

import gc
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest

from cloud.errors import (
    CloudError,
    PermissionDenied,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from cloud.ports import Bucket, Headers, StoredObject
from testing.fakes.bucket_factories import BucketFactory, StorageBucketFactory
from testing.storage import FakeStorage, Fault

PLAIN = Headers("text/plain", "no-store")
BIG = bytes(range(256)) * 40_000

Act = Callable[[Bucket], object]

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _garbage_collection() -> Iterator[None]:
    """Collect the unread responses of failed downloads in the test that made them.

    The library does not read the failed response of a download before it retries. Garbage
    collection then closes the connection.
    """
    yield
    gc.collect()


def stat(bucket: Bucket) -> object:
    return bucket.stat("a")


def read(bucket: Bucket) -> object:
    return bucket.read("a")


def read_up_to(bucket: Bucket) -> object:
    return bucket.read_up_to("a", 10)


def stream(bucket: Bucket) -> object:
    info = bucket.stat("a")
    assert info is not None
    return list(bucket.stream(info))


def write(bucket: Bucket) -> object:
    return bucket.write("new", b"", PLAIN, if_generation=0)


def rewrite(bucket: Bucket) -> object:
    info = bucket.stat("a")
    assert info is not None
    return bucket.rewrite(bucket, info, "new", PLAIN)


def list_objects(bucket: Bucket) -> object:
    return list(bucket.list())


ACTS: dict[Act, str] = {
    stat: "objects.get",
    read: "objects.download",
    read_up_to: "objects.download",
    stream: "objects.download",
    write: "objects.insert",
    rewrite: "objects.rewrite",
    list_objects: "objects.list",
}


def create_bucket_with_a(site: BucketFactory) -> Bucket:
    bucket = site.bucket()
    bucket.write("a", b"1", PLAIN, if_generation=0)
    return bucket


# errors


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, PermissionDenied), (501, Unavailable), (400, Unavailable)],
)
@pytest.mark.parametrize("act", ACTS)
def test_refusals_are_translated(
    failing_site: tuple[BucketFactory, FakeStorage], act: Act, status: int, error: type[CloudError]
) -> None:
    site, storage = failing_site
    bucket = create_bucket_with_a(site)
    storage.faults.add(Fault(operation=ACTS[act], status=status))
    with pytest.raises(error) as raised:
        act(bucket)
    assert raised.value.subject.startswith(f"gs://{bucket.name}/")


@pytest.mark.parametrize("act", [write, rewrite])
def test_too_many_writes_are_raised_without_retry(
    failing_site: tuple[BucketFactory, FakeStorage], act: Act
) -> None:
    site, storage = failing_site
    bucket = create_bucket_with_a(site)
    storage.faults.add(Fault(operation=ACTS[act], status=429))
    with pytest.raises(TooManyRequests):
        act(bucket)
    assert storage.counts.answers[f"{ACTS[act]} 429"] == 1


def test_a_second_write_within_the_interval_is_refused(
    failing_site: tuple[BucketFactory, FakeStorage],
) -> None:
    site, storage = failing_site
    storage.write_interval = 0.5
    storage.now = start = storage.now
    bucket = site.bucket()
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    with pytest.raises(TooManyRequests):
        bucket.write("a", b"2", PLAIN, if_generation=first.generation)
    bucket.write("b", b"1", PLAIN, if_generation=0)
    storage.now = start + timedelta(seconds=0.5)
    second = bucket.write("a", b"2", PLAIN, if_generation=first.generation)
    assert second.created - first.created == timedelta(seconds=0.5)


# retries


@pytest.mark.parametrize("kind", ["error", "reset"])
@pytest.mark.parametrize("act", ACTS)
def test_a_transient_failure_is_retried(
    strict_site: BucketFactory, storage: FakeStorage, act: Act, kind: str
) -> None:
    bucket = create_bucket_with_a(strict_site)
    fault = storage.faults.add(Fault.from_json({"kind": kind, "operation": ACTS[act], "times": 2}))
    act(bucket)
    assert fault.times == 0


@pytest.mark.parametrize("sent", [0, 1, 100_000])
def test_a_broken_stream_is_resumed(
    strict_site: BucketFactory, storage: FakeStorage, sent: int
) -> None:
    bucket = strict_site.bucket()
    info = bucket.write("a", BIG, PLAIN, if_generation=0)
    fault = Fault("truncate", operation="objects.download", after_bytes=sent, times=3)
    storage.faults.add(fault)
    assert b"".join(bucket.stream(info, start=5)) == BIG[5:]
    assert fault.times == 0


def test_a_broken_read_is_whole_and_of_one_generation(
    strict_site: BucketFactory, storage: FakeStorage
) -> None:
    bucket = strict_site.bucket()
    first = bucket.write("a", BIG, PLAIN, if_generation=0)
    storage.faults.add(Fault("truncate", operation="objects.download", after_bytes=100_000))
    seen = bucket.read("a")
    assert seen == StoredObject(first.generation, BIG)


def test_a_broken_upload_is_resumed(strict_site: BucketFactory, storage: FakeStorage) -> None:
    bucket = strict_site.bucket()
    storage.faults.add(Fault("reset", operation="objects.insert", times=2))
    info = bucket.write("a", BIG, PLAIN, if_generation=0)
    assert bucket.read("a") == StoredObject(info.generation, BIG)


def test_a_failed_page_of_a_listing_is_requested_again(
    strict_site: BucketFactory, storage: FakeStorage
) -> None:
    bucket = strict_site.bucket()
    names = [f"{number:04}" for number in range(1500)]
    for name in names:
        storage.insert(bucket.name, name, b"")
    storage.faults.add(Fault(operation="objects.list", probability=0.5, times=3))
    assert [info.name for info in bucket.list()] == names


# unknown results


@pytest.mark.parametrize("act", [write, rewrite])
def test_a_write_with_a_lost_response_can_look_like_a_failed_precondition(
    strict_site: BucketFactory, storage: FakeStorage, act: Act
) -> None:
    bucket = create_bucket_with_a(strict_site)
    storage.faults.add(Fault("reset", operation=ACTS[act], when="after"))
    with pytest.raises(PreconditionFailed):
        act(bucket)
    assert bucket.stat("new") is not None


def test_a_lost_response_leaves_the_write_in_place(
    failing_site: tuple[BucketFactory, FakeStorage],
) -> None:
    site, storage = failing_site
    bucket = site.bucket()
    storage.faults.add(Fault(operation="objects.insert", status=501, when="after"))
    with pytest.raises(Unavailable):
        bucket.write("a", b"1", PLAIN, if_generation=0)
    assert bucket.stat("a") is not None


@pytest.mark.parametrize("act", [write, rewrite])
@pytest.mark.parametrize(("name", "error"), [("a", PreconditionFailed), ("b", PermissionDenied)])
def test_without_the_right_to_delete_a_taken_name_fails_its_precondition(
    failing_site: tuple[BucketFactory, FakeStorage], act: Act, name: str, error: type[CloudError]
) -> None:
    site, storage = failing_site
    if not isinstance(site, StorageBucketFactory):
        pytest.skip("only the adapter translates permissions")
    bucket = site.bucket()
    info = bucket.write("a", b"1", PLAIN, if_generation=0)
    storage.faults.add(Fault(operation=ACTS[act], status=403))
    create = partial(bucket.rewrite, bucket, info, name, PLAIN)
    if act is write:
        create = partial(bucket.write, name, b"2", PLAIN, if_generation=0)
    with pytest.raises(error):
        create()
