"""What a ``Bucket`` does when the store fails: what it raises, what it mends, what it costs.

The store fails on demand only where the strict fake is behind the bucket; the clauses about mending
are the adapter's alone, for a bucket in memory has no connection that could break.
"""

import gc
import time
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
from testing.fakes.sites import ServedSite, Site
from testing.storage import Fault, Storage

PLAIN = Headers("text/plain", "no-store")
BIG = bytes(range(256)) * 40_000

Act = Callable[[Bucket], object]

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """The library drops unread the failed answer of a download that it repeats; the connection is
    closed when it is collected, which is to happen here and not in a later test."""
    yield
    gc.collect()


def stat(bucket: Bucket) -> object:
    return bucket.stat("a")


def read(bucket: Bucket) -> object:
    return bucket.read("a")


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


def listed(bucket: Bucket) -> object:
    return list(bucket.list())


ACTS: dict[Act, str] = {
    stat: "objects.get",
    read: "objects.download",
    stream: "objects.download",
    write: "objects.insert",
    rewrite: "objects.rewrite",
    listed: "objects.list",
}


def holding_a(site: Site) -> Bucket:
    bucket = site.bucket()
    bucket.write("a", b"1", PLAIN, if_generation=0)
    return bucket


# what is raised


@pytest.mark.parametrize(
    ("status", "ours"),
    [(403, PermissionDenied), (501, Unavailable), (400, Unavailable)],
)
@pytest.mark.parametrize("act", ACTS)
def test_refusals_are_raised_as_ours(
    failing: tuple[Site, Storage], act: Act, status: int, ours: type[CloudError]
) -> None:
    site, storage = failing
    bucket = holding_a(site)
    storage.faults.add(Fault(operation=ACTS[act], status=status))
    with pytest.raises(ours) as raised:
        act(bucket)
    assert raised.value.subject.startswith(f"gs://{bucket.name}/")


@pytest.mark.parametrize("act", [write, rewrite])
def test_too_many_writes_are_the_callers_matter(failing: tuple[Site, Storage], act: Act) -> None:
    site, storage = failing
    bucket = holding_a(site)
    storage.faults.add(Fault(operation=ACTS[act], status=429))
    with pytest.raises(TooManyRequests):
        act(bucket)
    assert storage.counts.answers[f"{ACTS[act]} 429"] == 1


def test_a_name_takes_a_write_and_then_none_for_a_while(
    failing: tuple[Site, Storage],
) -> None:
    site, storage = failing
    storage.write_interval = 0.5
    bucket = site.bucket()
    first = bucket.write("a", b"1", PLAIN, if_generation=0)
    with pytest.raises(TooManyRequests):
        bucket.write("a", b"2", PLAIN, if_generation=first.generation)
    bucket.write("b", b"1", PLAIN, if_generation=0)
    time.sleep(0.5)
    second = bucket.write("a", b"2", PLAIN, if_generation=first.generation)
    assert second.created - first.created >= timedelta(seconds=0.5)


# what is mended


@pytest.mark.parametrize("kind", ["error", "reset"])
@pytest.mark.parametrize("act", ACTS)
def test_a_passing_failure_is_mended(strict: Site, storage: Storage, act: Act, kind: str) -> None:
    bucket = holding_a(strict)
    fault = storage.faults.add(Fault.of({"kind": kind, "operation": ACTS[act], "times": 2}))
    act(bucket)
    assert fault.times == 0


@pytest.mark.parametrize("sent", [0, 1, 100_000])
def test_a_broken_stream_goes_on_where_it_broke(strict: Site, storage: Storage, sent: int) -> None:
    bucket = strict.bucket()
    info = bucket.write("a", BIG, PLAIN, if_generation=0)
    fault = Fault("truncate", operation="objects.download", after_bytes=sent, times=3)
    storage.faults.add(fault)
    assert b"".join(bucket.stream(info, start=5)) == BIG[5:]
    assert fault.times == 0


def test_a_broken_read_is_whole_and_of_one_generation(strict: Site, storage: Storage) -> None:
    bucket = strict.bucket()
    first = bucket.write("a", BIG, PLAIN, if_generation=0)
    storage.faults.add(Fault("truncate", operation="objects.download", after_bytes=100_000))
    seen = bucket.read("a")
    assert seen == StoredObject(first.generation, BIG)


def test_a_large_upload_goes_on_where_it_broke(strict: Site, storage: Storage) -> None:
    bucket = strict.bucket()
    storage.faults.add(Fault("reset", operation="objects.insert", times=2))
    info = bucket.write("a", BIG, PLAIN, if_generation=0)
    assert bucket.read("a") == StoredObject(info.generation, BIG)


def test_a_page_that_fails_is_asked_for_again(strict: Site, storage: Storage) -> None:
    bucket = strict.bucket()
    names = [f"{number:04}" for number in range(1500)]
    for name in names:
        storage.insert(bucket.name, name, b"")
    storage.faults.add(Fault(operation="objects.list", probability=0.5, times=3))
    assert [info.name for info in bucket.list()] == names


# what stays in doubt


@pytest.mark.parametrize("act", [write, rewrite])
def test_a_write_whose_answer_is_lost_may_look_like_anothers(
    strict: Site, storage: Storage, act: Act
) -> None:
    bucket = holding_a(strict)
    storage.faults.add(Fault("reset", operation=ACTS[act], when="after"))
    with pytest.raises(PreconditionFailed):
        act(bucket)
    assert bucket.stat("new") is not None


def test_a_lost_answer_leaves_the_write_in_place(failing: tuple[Site, Storage]) -> None:
    site, storage = failing
    bucket = site.bucket()
    storage.faults.add(Fault(operation="objects.insert", status=501, when="after"))
    with pytest.raises(Unavailable):
        bucket.write("a", b"1", PLAIN, if_generation=0)
    assert bucket.stat("a") is not None


@pytest.mark.parametrize("act", [write, rewrite])
@pytest.mark.parametrize(("name", "error"), [("a", PreconditionFailed), ("b", PermissionDenied)])
def test_to_who_may_not_delete_a_taken_name_is_taken_and_not_forbidden(
    failing: tuple[Site, Storage], act: Act, name: str, error: type[CloudError]
) -> None:
    site, storage = failing
    if not isinstance(site, ServedSite):
        pytest.skip("who may do what is the adapter's matter")
    bucket = site.bucket()
    info = bucket.write("a", b"1", PLAIN, if_generation=0)
    storage.faults.add(Fault(operation=ACTS[act], status=403))
    create = partial(bucket.rewrite, bucket, info, name, PLAIN)
    if act is write:
        create = partial(bucket.write, name, b"2", PLAIN, if_generation=0)
    with pytest.raises(error):
        create()
