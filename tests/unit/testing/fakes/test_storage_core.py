"""The state machine of the fake: generations, preconditions, versions, the limit on writes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from testing.storage import (
    Attributes,
    FakeStorage,
    ListQuery,
    Preconditions,
    RewriteSource,
    StorageError,
)

NOW = datetime(2026, 11, 1, 12, 30, 15, 123456, tzinfo=UTC)


@pytest.fixture
def storage() -> FakeStorage:
    storage = FakeStorage()
    storage.now = NOW
    storage.create_bucket("b")
    storage.create_bucket("versioned", versioning=True)
    return storage


def status_of(error: pytest.ExceptionInfo[StorageError]) -> int:
    return error.value.status


def test_generations_are_unique_and_do_not_increase(storage: FakeStorage) -> None:
    generations = [storage.insert("b", "a", b"").generation for _ in range(10_000)]
    assert len(set(generations)) == len(generations)
    falls = sum(later < earlier for earlier, later in pairwise(generations))
    assert 3000 < falls < 7000
    assert all(len(str(generation)) == 16 for generation in generations)


def test_the_clock_is_settable_and_has_whole_milliseconds(storage: FakeStorage) -> None:
    assert storage.insert("b", "a", b"").created == NOW.replace(microsecond=123000)
    storage.now = None
    assert abs(storage.now - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("conditions", "absent", "live"),
    [
        ({}, 0, 0),
        ({"generation_match": 0}, 0, 412),
        ({"generation_match": 1}, 412, 412),
        ({"generation_match": "live"}, 412, 0),
        ({"generation_not_match": 0}, 412, 0),
        ({"generation_not_match": 1}, 0, 0),
        ({"generation_not_match": "live"}, 0, 412),
        ({"metageneration_match": 1}, 412, 0),
        ({"metageneration_match": 2}, 412, 412),
        ({"metageneration_not_match": 1}, 0, 412),
        ({"metageneration_not_match": 2}, 0, 0),
        ({"generation_match": "live", "metageneration_match": 2}, 412, 412),
    ],
)
def test_a_write_heeds_all_its_preconditions(
    storage: FakeStorage, conditions: dict[str, int | str], absent: int, live: int
) -> None:
    generation = storage.insert("b", "live", b"").generation
    given = {
        key: generation if value == "live" else int(value) for key, value in conditions.items()
    }
    for name, expected in (("absent", absent), ("live", live)):
        if expected:
            with pytest.raises(StorageError) as error:
                storage.insert("b", name, b"new", None, Preconditions(**given))
            assert status_of(error) == expected
        else:
            storage.insert("b", name, b"new", None, Preconditions(**given))


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"generation_match": 0}, 412),
        ({"generation_not_match": "live"}, 304),
        ({"generation_not_match": 1}, 0),
        ({"metageneration_match": 2}, 412),
        ({"metageneration_not_match": 1}, 304),
    ],
)
def test_a_read_heeds_its_preconditions(
    storage: FakeStorage, conditions: dict[str, int | str], status: int
) -> None:
    live = storage.insert("b", "a", b"")
    given = Preconditions(
        **{key: live.generation if v == "live" else int(v) for key, v in conditions.items()}
    )
    if not status:
        assert storage.get("b", "a", None, given) == live
        return
    with pytest.raises(StorageError) as error:
        storage.get("b", "a", None, given)
    assert status_of(error) == status


@pytest.mark.parametrize(
    "wrong", [Preconditions(generation_match=1), Preconditions(metageneration_match=2)]
)
def test_changes_heed_their_preconditions(storage: FakeStorage, wrong: Preconditions) -> None:
    live = storage.insert("b", "a", b"")
    with pytest.raises(StorageError) as error:
        storage.patch("b", "a", {"contentType": "x/y"}, preconditions=wrong)
    assert status_of(error) == 412
    with pytest.raises(StorageError) as error:
        storage.delete("b", "a", preconditions=wrong)
    assert status_of(error) == 412
    assert storage.get("b", "a") == live


def test_a_patch_merges_and_keeps_the_generation(storage: FakeStorage) -> None:
    attributes = Attributes(
        content_type="a/b", cache_control="no-store", metadata={"k": "1", "l": "2"}
    )
    live = storage.insert("b", "a", b"", attributes)
    changes = {"contentType": "x/y", "cacheControl": None, "metadata": {"l": None, "m": "3"}}
    patched = storage.patch("b", "a", changes)
    assert patched.attributes == Attributes(content_type="x/y", metadata={"k": "1", "m": "3"})
    assert (patched.generation, patched.metageneration) == (live.generation, 2)
    assert patched.etag != live.etag
    assert storage.get("b", "a") == patched


def test_a_plain_bucket_keeps_nothing_of_what_was_replaced(storage: FakeStorage) -> None:
    first = storage.insert("b", "a", b"1")
    storage.insert("b", "a", b"2")
    with pytest.raises(StorageError) as error:
        storage.get("b", "a", first.generation)
    assert status_of(error) == 404


def test_a_versioned_bucket_keeps_what_was_replaced_and_deleted(storage: FakeStorage) -> None:
    first = storage.insert("versioned", "a", b"1")
    second = storage.insert("versioned", "a", b"2")
    storage.delete("versioned", "a")
    assert storage.get("versioned", "a", first.generation).data == b"1"
    assert storage.get("versioned", "a", second.generation).deleted == storage.now
    assert storage.list("versioned").items == []
    kept = storage.list("versioned", ListQuery(versions=True)).items
    assert [version.data for version in kept] == [b"1", b"2"]
    storage.insert("versioned", "a", b"3", None, Preconditions(generation_match=0))


def test_a_generation_that_is_named_is_deleted_for_good(storage: FakeStorage) -> None:
    first = storage.insert("versioned", "a", b"1")
    second = storage.insert("versioned", "a", b"2")
    storage.delete("versioned", "a", first.generation)
    storage.delete("versioned", "a", second.generation)
    assert storage.list("versioned", ListQuery(versions=True)).items == []


def test_a_name_takes_one_write_a_second(storage: FakeStorage) -> None:
    storage.write_interval = 1
    storage.insert("b", "a", b"")
    storage.insert("b", "another", b"")
    storage.now = NOW + timedelta(seconds=0.9)
    for change in (
        lambda: storage.insert("b", "a", b""),
        lambda: storage.patch("b", "a", {}),
        lambda: storage.delete("b", "a"),
    ):
        with pytest.raises(StorageError) as error:
            change()
        assert status_of(error) == 429
    storage.now = NOW + timedelta(seconds=1)
    storage.insert("b", "a", b"")


def test_only_writes_that_succeed_count_towards_the_limit(storage: FakeStorage) -> None:
    storage.write_interval = 1
    for _ in range(3):
        with pytest.raises(StorageError) as error:
            storage.insert("b", "a", b"", None, Preconditions(generation_match=1))
        assert status_of(error) == 412
    storage.insert("b", "a", b"")


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "ü" * 513, ".well-known/acme-challenge/x"])
def test_a_name_that_cloud_storage_refuses_is_refused(storage: FakeStorage, name: str) -> None:
    with pytest.raises(StorageError) as error:
        storage.insert("b", name, b"")
    assert status_of(error) == 400


def test_custom_metadata_is_at_most_eight_kibibytes() -> None:
    Attributes(metadata={"k": "v" * 8191})
    with pytest.raises(StorageError) as error:
        Attributes(metadata={"k": "v" * 8192})
    assert status_of(error) == 400


def test_a_rewrite_without_attributes_inherits_them(storage: FakeStorage) -> None:
    attributes = Attributes(content_type="a/b", metadata={"k": "v"})
    storage.insert("b", "a", b"1", attributes)
    assert storage.rewrite(RewriteSource("b", "a"), "versioned", "a").attributes == attributes
    assert (
        storage.rewrite(RewriteSource("b", "a"), "b", "c", Attributes()).attributes == Attributes()
    )
