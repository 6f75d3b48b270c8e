"""Feeds: Atom (RFC 4287) with stable ids, and nothing hostile."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from publisher.render.atom import MAX_ENTRIES, FeedEntry, render_feed
from publisher.web.project_feed import render_project_feed
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import NOON
from testing.hostile_readmes import list_hostile_values
from unit.publisher.publisher_fixtures import make_record, make_yank

ATOM = "{http://www.w3.org/2005/Atom}"
Texts = dict[str, str | None]


def parse(data: bytes) -> tuple[Texts, list[Texts]]:
    """Return the texts of a feed, and those of each entry."""
    feed = ElementTree.fromstring(data)  # noqa: S314 - our own document
    return read_texts(feed), [read_texts(entry) for entry in feed.iter(f"{ATOM}entry")]


def read_texts(element: ElementTree.Element) -> Texts:
    texts: Texts = {child.tag.removeprefix(ATOM): child.text for child in element if child.text}
    for child in element.findall(f"{ATOM}link[@rel='alternate']"):
        texts["link"] = child.get("href")
    texts["author"] = element.findtext(f"{ATOM}author/{ATOM}name")
    return texts


def list_titles(record: ProjectRecord) -> list[str | None]:
    return [entry["title"] for entry in parse(render_project_feed(record))[1]]


RECORD = make_record(
    "acme-1.0.tar.gz",
    "acme-1.0-py3-none-any.whl",
    "acme-1!2.0.tar.gz",
    yanked=Registers.model_validate({"versions": {"1.0": make_yank("broken", at=600)}}),
    yanked_by_uploaders=Registers.model_validate(
        {"files": {"acme-1.0.tar.gz": make_yank(value=False, at=700)}}
    ),
    removed=Registers.model_validate({"files": {"acme-1!2.0.tar.gz": make_yank(at=800)}}),
)


@pytest.mark.parametrize(
    ("index_url", "home"),
    [(None, "./"), ("https://host/a/simple/", "https://host/a/projects/acme/")],
)
def test_a_feed_has_its_own_address_and_that_of_the_project(
    index_url: str | None, home: str
) -> None:
    feed = ElementTree.fromstring(render_project_feed(RECORD, index_url))  # noqa: S314 - our own
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{home}feed.xml", "alternate": home}


def test_releases_yanks_and_removals_are_entries_the_newest_first() -> None:
    feed, entries = parse(render_project_feed(RECORD))
    assert (feed["title"], feed["updated"]) == ("acme: changes", "2026-11-24T12:13:20.000000Z")
    assert [(e["title"], e["updated"], e["link"], e["author"]) for e in entries] == [
        ("acme-1!2.0.tar.gz removed", "2026-11-24T12:13:20.000000Z", "./1%212.0/", "an operator"),
        ("acme 1.0 yanked", "2026-11-24T12:10:00.000000Z", "./1.0/", "an operator"),
        ("acme 1!2.0", "2026-11-24T12:02:00.000000Z", "./1%212.0/", "acme"),
        ("acme 1.0", "2026-11-24T12:00:00.000000Z", "./1.0/", "acme"),
    ]
    assert entries[1]["summary"] == "broken"


def test_ids_are_permanent_and_differ() -> None:
    ids = [entry["id"] for entry in parse(render_project_feed(RECORD))[1]]
    later = make_record(*RECORD.files, "acme-3.tar.gz", revision=9, yanked=RECORD.yanked)
    assert len(set(ids)) == len(ids)
    assert {entry["id"] for entry in parse(render_project_feed(later))[1]} >= set(ids[1:])
    assert all(each is not None and each.startswith("urn:uuid:") for each in ids)


@pytest.mark.parametrize("base", ["https://packages.example/", "https://x.example/python/"])
def test_with_the_url_of_the_index_links_are_absolute(base: str) -> None:
    feed, entries = parse(render_project_feed(RECORD, f"{base}simple/"))
    assert feed["link"] == f"{base}projects/acme/"
    assert entries[-1]["link"] == f"{base}projects/acme/1.0/"


def test_a_feed_has_the_newest_entries_only() -> None:
    names = [f"acme-{number}.tar.gz" for number in range(MAX_ENTRIES + 10)]
    assert len(list_titles(make_record(*names))) == MAX_ENTRIES
    assert list_titles(make_record(*names))[0] == f"acme {MAX_ENTRIES + 9}"


def test_a_project_without_files_has_a_feed_without_entries() -> None:
    feed, entries = parse(render_project_feed(make_record()))
    assert (feed["updated"], entries) == ("1970-01-01T00:00:00.000000Z", [])


@pytest.mark.parametrize("value", list_hostile_values())
def test_hostile_values_stay_texts(value: str) -> None:
    entry = FeedEntry(("a",), value, NOON + timedelta(1), "./", value, value)
    data = render_feed(value, (value,), "./", [entry])
    feed = ElementTree.fromstring(data)  # noqa: S314 - our own document
    assert [child.tag.removeprefix(ATOM) for child in feed[-1]] == [
        *("title", "id", "updated", "link", "author"),
        *(["summary"] if value else []),
    ]
    assert "\x1b" not in data.decode()
    assert "\u202e" not in data.decode()
