"""Listings: pages of any size, groups, versions, cost of a page."""

import pytest

from testing.calls import count_calls
from testing.storage import FakeStorage, ListQuery, Version


@pytest.fixture
def storage() -> FakeStorage:
    storage = FakeStorage()
    storage.create_bucket("b")
    storage.create_bucket("versioned", versioning=True)
    return storage


def list_names(storage: FakeStorage, query: ListQuery) -> list[str]:
    """Return the names and prefixes of all pages."""
    found = []
    while True:
        page = storage.list("b", query)
        found += page.prefixes + [version.name for version in page.items]
        if not page.next_page_token:
            return found
        settings = {
            "prefix": query.prefix,
            "delimiter": query.delimiter,
            "max_results": query.max_results,
        }
        query = ListQuery(**settings, page_token=page.next_page_token)  # type: ignore[arg-type]


@pytest.mark.parametrize("max_results", [1, 2, 3, 1000])
def test_a_delimiter_groups_names_on_every_page_size(
    storage: FakeStorage, max_results: int
) -> None:
    for name in ("a", "d/1", "d/2", "d/e/3", "d0", "e/", "z"):
        storage.insert("b", name, b"")
    query = ListQuery(delimiter="/", max_results=max_results)
    assert sorted(list_names(storage, query)) == ["a", "d/", "d0", "e/", "z"]
    query = ListQuery(prefix="d/", delimiter="/", max_results=max_results)
    assert sorted(list_names(storage, query)) == ["d/1", "d/2", "d/e/"]


def test_offsets_bound_a_listing(storage: FakeStorage) -> None:
    for name in "abcde":
        storage.insert("b", name, b"")
    page = storage.list("b", ListQuery(start_offset="b", end_offset="d"))
    assert [version.name for version in page.items] == ["b", "c"]


@pytest.mark.parametrize("max_results", [1, 2, 5])
def test_versions_are_listed_across_pages(storage: FakeStorage, max_results: int) -> None:
    written = [storage.insert("versioned", n, d) for n in "ab" for d in (b"1", b"2", b"3")]
    found: list[Version] = []
    token = ""
    while True:
        query = ListQuery(versions=True, max_results=max_results, page_token=token)
        page = storage.list("versioned", query)
        found += page.items
        if not (token := page.next_page_token):
            break
    assert [version.generation for version in found] == [v.generation for v in written]


def test_the_cost_of_a_page_does_not_depend_on_the_bucket(storage: FakeStorage) -> None:
    storage.create_bucket("large")
    for number in range(2980, 3010):
        storage.insert("b", f"{number:04}", b"")
    for number in range(5000):
        storage.insert("large", f"{number:04}", b"")
    query = ListQuery(prefix="299")
    pages = [storage.list(bucket, query).items for bucket in ("b", "large")]
    assert [len(page) for page in pages] == [10, 10]
    calls = count_calls(lambda: storage.list("large", query))
    assert calls == count_calls(lambda: storage.list("b", query))
