"""The feed against RFC 4287 (https://www.rfc-editor.org/rfc/rfc4287)."""

from collections.abc import Iterable
from xml.etree import ElementTree

import pytest

from publisher.catalog.change_arrays import list_events
from publisher.catalog.index_feed import MAX_ENTRIES, render_index_feed
from publisher.render.atom import NAMESPACE
from publisher.site.page_content import Site
from schemas.catalog import CatalogEntry
from testing.fakes.examples import make_time
from unit.publisher.catalog.entries import HOSTILE_TEXT, make_entry, make_event, make_names

ATOM = {"atom": NAMESPACE}
EVENTS = (
    make_event("removed", at=9, author="operators/ada"),
    make_event("yanked", at=5, author=None),
    make_event("released"),
)
SITE = Site("Packages", "https://packages.example/python/simple/")


def render(entries: Iterable[CatalogEntry], site: Site = SITE) -> ElementTree.Element:
    return ElementTree.fromstring(render_index_feed(list_events(entries), site))  # noqa: S314 - our own


def find_texts(feed: ElementTree.Element, path: str) -> list[str | None]:
    return [each.text for each in feed.findall(path, ATOM)]


def find_links(feed: ElementTree.Element, path: str) -> list[tuple[str | None, str | None]]:
    return [(each.get("rel"), each.get("href")) for each in feed.findall(path, ATOM)]


def test_the_feed_has_an_entry_for_each_event() -> None:
    feed = render([make_entry("acme", display_name="Acme", recent=EVENTS)])
    assert feed.tag == f"{{{NAMESPACE}}}feed"
    assert find_texts(feed, "atom:title") == ["Packages"]
    assert find_texts(feed, "atom:updated") == ["2026-11-24T12:00:09.000000Z"]
    assert find_texts(feed, "atom:entry/atom:title") == [
        "Acme 1.0 removed",
        "Acme 1.0 yanked",
        "Acme 1.0 released",
    ]
    assert find_texts(feed, "atom:entry/atom:author/atom:name") == [
        "operators/ada",
        "operator",
        "ci",
    ]


def test_required_elements_are_there_even_without_events() -> None:
    feed = render([])
    for path in ("id", "title", "updated", "author/atom:name"):
        assert find_texts(feed, f"atom:{path}") != [], path
    assert feed.findall("atom:entry", ATOM) == []


def test_links_are_absolute_if_the_address_is_known() -> None:
    feed = render([make_entry("acme", recent=EVENTS[1:])])
    base = "https://packages.example/python/"
    assert find_links(feed, "atom:link") == [("self", base + "feed.xml"), ("alternate", base)]
    assert find_links(feed, "atom:entry/atom:link") == [
        ("alternate", base + "projects/acme/"),
        ("alternate", base + "projects/acme/1.0/"),
    ]


def test_links_are_relative_without_an_address() -> None:
    feed = render([make_entry("acme", recent=EVENTS[2:])], Site("Packages"))
    assert find_links(feed, "atom:link") == [("self", "feed.xml"), ("alternate", "./")]
    assert find_links(feed, "atom:entry/atom:link") == [("alternate", "projects/acme/1.0/")]


def test_ids_are_unique_and_stable() -> None:
    entries = [make_entry(name, recent=EVENTS) for name in ("acme", "beta")]
    ids = find_texts(render(entries), "atom:entry/atom:id")
    later = make_entry("acme", recent=(make_event(release="2.0", at=99), *EVENTS), summary="New")
    assert len(set(ids)) == 6
    assert set(ids) < set(find_texts(render([later, entries[1]]), "atom:entry/atom:id"))


@pytest.mark.parametrize("place", ["title", "author", "summary", "name"])
def test_hostile_text_is_harmless(place: str) -> None:
    event = make_event(author=HOSTILE_TEXT if place == "author" else "ci")
    facts = {
        "summary": HOSTILE_TEXT if place == "summary" else "",
        "display_name": HOSTILE_TEXT if place == "name" else "acme",
        "latest_version": "1.0",
    }
    site = Site(HOSTILE_TEXT) if place == "title" else SITE
    entry = make_entry("acme", recent=(event,), **facts)
    data = render_index_feed(list_events([entry]), site).decode()
    assert [each for each in "\u202e\u2066\u2028\x1b" if each in data] == []
    assert "</script>" not in data
    texts = "".join(ElementTree.fromstring(data).itertext())  # noqa: S314 - our own
    assert "</script><img src=x onerror=alert(1)> & evil [31m" in texts


@pytest.mark.parametrize("author", ["\u202e", "", None])
def test_a_command_without_a_name_is_that_of_an_operator(author: str | None) -> None:
    feed = render([make_entry("acme", recent=(make_event("yanked", author=author),))])
    assert find_texts(feed, "atom:entry/atom:author/atom:name") == ["operator"]


def test_an_older_record_has_its_newest_upload_in_the_feed() -> None:
    feed = render([make_entry("acme", latest_upload=make_time(7), latest_version="1.0")])
    assert find_texts(feed, "atom:entry/atom:title") == ["acme released"]
    assert find_texts(feed, "atom:entry/atom:author") == []
    assert find_links(feed, "atom:entry/atom:link")[0][1] == (
        "https://packages.example/python/projects/acme/"
    )


def test_the_feed_is_bounded() -> None:
    entries = [make_entry(name, recent=EVENTS) for name in make_names(MAX_ENTRIES)]
    assert len(render(entries).findall("atom:entry", ATOM)) == MAX_ENTRIES
