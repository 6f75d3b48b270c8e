"""Number of requests of a ``Bucket``, and changes between two requests."""

import pytest

from cloud.errors import CloudError, NotFound, PreconditionFailed
from cloud.ports import Headers, StoredObject
from testing.fakes.bucket_factories import BucketFactory
from testing.storage import Attributes, FakeStorage

PLAIN = Headers("text/plain", "no-store")
BIG = bytes(range(256)) * 40_000


def test_a_large_rewrite_takes_several_calls_and_appears_at_once(
    strict_site: BucketFactory, storage: FakeStorage
) -> None:
    bucket, incoming = strict_site.bucket(), strict_site.bucket()
    source = incoming.write("a", BIG, PLAIN, if_generation=0)
    storage.rewrite_step = 4_000_000
    seen = []
    storage.before = lambda operation, bucket_name, name: seen.append(
        (operation, name in storage.bucket(bucket.name).live)
    )
    copy = bucket.rewrite(incoming, source, "a", PLAIN)
    assert seen == [("objects.rewrite", False)] * 3
    storage.before = None
    assert bucket.read("a") == StoredObject(copy.generation, BIG)


@pytest.mark.parametrize(("loser", "raised"), [("source", NotFound), ("copy", PreconditionFailed)])
def test_a_large_rewrite_notices_a_change_between_two_calls(
    strict_site: BucketFactory, storage: FakeStorage, loser: str, raised: type[CloudError]
) -> None:
    bucket, incoming = strict_site.bucket(), strict_site.bucket()
    source = incoming.write("source", BIG, PLAIN, if_generation=0)
    storage.rewrite_step = 4_000_000
    steps = iter(range(9))
    changed = incoming.name if loser == "source" else bucket.name

    def overtake(operation: str, bucket_name: str, name: str) -> None:
        if next(steps) == 1:
            storage.insert(changed, loser, b"newer", Attributes())

    storage.before = overtake
    with pytest.raises(raised):
        bucket.rewrite(incoming, source, "copy", PLAIN)


def test_each_method_is_one_request(failing_site: tuple[BucketFactory, FakeStorage]) -> None:
    site, storage = failing_site
    bucket = site.bucket()
    info = bucket.write("a", b"1", PLAIN, if_generation=0)
    bucket.stat("a")
    bucket.read("a")
    bucket.read_up_to("a", 1)
    list(bucket.stream(info))
    list(bucket.list())
    bucket.rewrite(bucket, info, "b", PLAIN)
    assert {k: n for k, n in storage.counts.requests.items() if k.startswith("objects")} == {
        "objects.insert": 1,
        "objects.get": 1,
        "objects.download": 3,
        "objects.list": 1,
        "objects.rewrite": 1,
    }


def test_a_large_object_is_streamed_in_few_requests(
    failing_site: tuple[BucketFactory, FakeStorage],
) -> None:
    site, storage = failing_site
    bucket = site.bucket()
    info = bucket.write("a", BIG, PLAIN, if_generation=0)
    storage.counts.clear()
    list(bucket.stream(info))
    assert storage.counts.billed == {"B": 3}
