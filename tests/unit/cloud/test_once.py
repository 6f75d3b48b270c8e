import pytest

from cloud.errors import TooManyRequests
from cloud.once import write_once, write_or_read
from cloud.ports import Headers
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import Fault

HEADERS = Headers("application/json", "no-store")


def test_the_first_bytes_of_a_name_stay() -> None:
    bucket = MemoryBucket("verdicts")
    for data in (b"accepted", b"refused"):
        write_once(bucket, "a.json", data, HEADERS)
    stored = bucket.read("a.json")
    assert stored is not None
    assert stored.data == b"accepted"


def test_each_writer_of_a_name_gets_the_first_bytes() -> None:
    bucket = MemoryBucket("verdicts")
    found = [write_or_read(bucket, "a.json", data, HEADERS) for data in (b"accepted", b"refused")]
    assert found == [b"accepted"] * 2


@pytest.mark.parametrize("status", [412, 429])
def test_a_name_that_another_writer_took_is_read(status: int) -> None:
    bucket = MemoryBucket("verdicts")
    bucket.put("a.json", b"accepted")
    bucket.fault(Fault(operation="objects.insert", status=status))
    assert write_or_read(bucket, "a.json", b"refused", HEADERS) == b"accepted"


def test_a_write_that_is_too_early_without_an_object_is_an_error() -> None:
    bucket = MemoryBucket("verdicts")
    bucket.fault(Fault(operation="objects.insert", status=429))
    with pytest.raises(TooManyRequests):
        write_or_read(bucket, "a.json", b"refused", HEADERS)
