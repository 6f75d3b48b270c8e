"""Copies of an index in memory (`testing.services.memory_index`)."""

from testing.services.memory_index import MemoryIndex
from testing.services.pipeline import BUCKETS


def test_a_change_of_one_index_is_in_no_other() -> None:
    first, second = MemoryIndex.publish_all(), MemoryIndex.publish_all()
    before = {bucket: second.data(bucket) for bucket in BUCKETS}
    messages = list(second.pipeline.messages)
    first.run(first.upload("acme", "9.0"))
    first.empty("packages")
    assert {bucket: second.data(bucket) for bucket in BUCKETS} == before
    assert second.pipeline.messages == messages
    assert {bucket: MemoryIndex.publish_all().data(bucket) for bucket in BUCKETS} == before


def test_a_copy_continues_the_generations_and_the_versions() -> None:
    first, second = MemoryIndex.publish_all(), MemoryIndex.publish_all()
    one, other = (index.storage.insert("static", "a", b"1") for index in (first, second))
    assert one.generation == other.generation
    record = "projects/acme.json"
    assert len(first.storage.bucket("metadata").versions(record)) > 1
    first.run(first.upload("acme", "9.0"))
    versions = (len(each.storage.bucket("metadata").versions(record)) for each in (first, second))
    assert next(versions) == next(versions) + 1
