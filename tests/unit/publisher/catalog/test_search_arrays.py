import json

import pytest

from publisher.catalog import search_arrays
from publisher.catalog.catalog_objects import CatalogContent
from schemas import web_layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from testing.fakes.examples import make_time
from unit.publisher.catalog.entries import make_entry, make_names
from unit.publisher.publisher_fixtures import SITE


def test_an_item_has_all_facts_of_the_search() -> None:
    entry = make_entry(
        "zope-interface",
        display_name="zope.interface",
        latest_version="5.0",
        latest_upload=make_time(0.25),
        summary="Interfaces",
        file_count=3,
        status="archived",
        requires=(ProjectName("acme"), ProjectName("requests")),
        keywords=("typing", "duck"),
    )
    assert json.loads(search_arrays.render_items([entry])) == [
        {
            "project": "zope-interface",
            "name": "zope.interface",
            "version": "5.0",
            "summary": "Interfaces",
            "keywords": ["typing", "duck"],
            "requires": ["acme", "requests"],
            "released": "2026-11-24T12:00:00Z",
            "files": 3,
            "status": "archived",
        }
    ]


def test_usual_values_are_absent() -> None:
    assert json.loads(search_arrays.render_items([make_entry("acme")])) == [
        {"project": "acme", "files": 0}
    ]


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("acme_geometry", None),
        ("Acme_Geometry", "Acme-Geometry"),
        ("acme.geometry", "acme.geometry"),
    ],
)
def test_the_underscore_of_file_names_is_a_hyphen(spelling: str, name: str | None) -> None:
    entry = make_entry("acme-geometry", display_name=spelling)
    assert json.loads(search_arrays.render_items([entry]))[0].get("name") == name


@pytest.mark.parametrize(
    ("project", "key"), [("a", "a"), ("ab", "ab"), ("acme", "ac"), ("a-b", "a-"), ("7z", "7z")]
)
def test_the_key_of_a_shard_is_the_beginning_of_the_name(project: str, key: str) -> None:
    assert search_arrays.find_shard_key(ProjectName(project)) == key


def render(entries: list[CatalogEntry]) -> dict[str, bytes]:
    return {each.name: each.render() for each in CatalogContent(entries, SITE).list_objects()}


def make_large_entries(size: int) -> list[CatalogEntry]:
    """Make entries with a whole array of at least ``size`` bytes."""
    entry = make_entry("project-00000", summary="x" * 500)
    each = len(search_arrays.render_items([entry, entry])) - len(
        search_arrays.render_items([entry])
    )
    return [make_entry(name, summary="x" * 500) for name in make_names(size // each + 1)]


def test_up_to_one_megabyte_one_file_has_all_projects() -> None:
    entries = make_large_entries(search_arrays.MAX_WHOLE_SIZE - 2_000)
    pages = render(entries)
    whole = pages[web_layout.SEARCH]
    assert search_arrays.MAX_WHOLE_SIZE - 2_000 < len(whole) <= search_arrays.MAX_WHOLE_SIZE
    assert len(json.loads(whole)) == len(entries)


def test_beyond_one_megabyte_the_file_is_empty_and_the_shards_have_all_projects() -> None:
    entries = [make_entry("acme"), *make_large_entries(search_arrays.MAX_WHOLE_SIZE + 2_000)]
    pages = render(entries)
    assert pages[web_layout.SEARCH] == b"[]\n"
    shards = [json.loads(pages[f"search/{key}.json"]) for key in ("ac", "pr")]
    assert [[item["project"] for item in shard] for shard in shards] == [
        ["acme"],
        [entry.project for entry in entries[1:]],
    ]


def test_a_small_index_has_shards_too() -> None:
    entries = [make_entry("acme"), make_entry("acorn"), make_entry("beta")]
    pages = render(entries)
    assert pages["search/ac.json"] == search_arrays.render_items(entries[:2])
    assert pages["search/be.json"] == search_arrays.render_items(entries[2:])
