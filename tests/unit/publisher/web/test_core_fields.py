"""Fields of METADATA on pages: complete, limited, and harmless wherever they are shown."""

import json
import re
from collections.abc import Iterator

import html5lib
import pytest
from packaging.metadata import RawMetadata

from publisher.render.listing import Listing
from publisher.site.page_content import Readme, ReleaseContent, Site
from publisher.site.release_page import render_project, render_release
from publisher.web.core_fields import MAX_VALUE_LENGTH, MAX_VALUES, is_link, read_core_fields
from publisher.web.legacy_json import render_release_json
from schemas.names import Version
from testing.hostile_readmes import URLS, list_hostile_values
from unit.publisher.publisher_fixtures import make_record

HEAD = "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
FIELDS = (
    *("Author", "Author-email", "Maintainer", "Maintainer-email", "License", "Keywords"),
    *("License-Expression", "Classifier", "Home-page", "Download-URL", "Platform"),
    *("Provides-Extra", "Description-Content-Type", "License-File"),
)


def read(text: str) -> RawMetadata:
    return read_core_fields(f"{HEAD}{text}".encode())


def list_texts(value: object) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for each in pair for text in list_texts(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in list_texts(each))


def test_a_description_follows_the_fields() -> None:
    fields = read("Summary: x\n\nFirst\r\n  second\n")
    assert fields.get("description") == "First\n  second\n"


@pytest.mark.parametrize(
    "text",
    [
        "Description: First\n          second\n        \n        third\n",
        "Description: First\n       |  second\n       |\n       |third\n",
    ],
)
def test_a_description_among_the_fields_loses_its_indentation(text: str) -> None:
    assert read(text).get("description") == "First\n  second\n\nthird"


def test_other_values_are_one_line() -> None:
    fields = read("Platform: MIT\n        with\ttext\nAuthor: \x1b[31mAda\u202e\n")
    assert (fields.get("platforms"), fields.get("author")) == (["MIT with text"], "[31mAda")


@pytest.mark.parametrize("indent", ["        ", "       |", "\t", " "])
def test_a_licence_keeps_its_lines(indent: str) -> None:
    separator = f"\n{indent}"
    lines = ("MIT License", "", "Copyright \x1b[31m\u202eAda", "  All\trights")
    fields = read(f"License: {separator.join(lines)}\n")
    assert fields.get("license") == "MIT License\n\nCopyright [31m Ada\nAll rights"


def test_the_page_shows_the_first_line_of_a_licence() -> None:
    metadata = read("License: MIT License\n        \n        Copyright Ada\n")
    record = make_record("acme-1.0-py3-none-any.whl")
    content = ReleaseContent(record, Listing.from_record(record), Version("1.0"), metadata)
    page = render_release(content, Site("Packages")).decode()
    assert "<p>MIT License</p>" in page
    assert "Copyright Ada" not in page
    info = json.loads(render_release_json(content))["info"]
    assert info["license"] == "MIT License\n\nCopyright Ada"


def test_long_values_and_lists_are_cut() -> None:
    fields = read(f"Author: {'a' * 20_000}\n" + "Classifier: x\n" * 10_000)
    assert len(fields["author"]) == MAX_VALUE_LENGTH
    assert len(fields["classifiers"]) == MAX_VALUES


def test_only_links_to_web_servers_remain() -> None:
    fields = read(
        "Home-page: javascript:alert(1)\nDownload-URL: https://acme.example/x\n"
        "Project-URL: Good, https://acme.example/\nProject-URL: Bad, data:text/html,x\n"
        "Project-URL: No comma\n"
    )
    assert "home_page" not in fields
    assert fields["download_url"] == "https://acme.example/x"
    assert fields["project_urls"] == {"Good": "https://acme.example/"}


@pytest.mark.parametrize("url", [*URLS.values(), "", "acme.example", "http://", "https://[", "x:y"])
def test_a_hostile_url_is_no_link(url: str) -> None:
    assert not is_link(url)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"Name: \0", b"x" * 1000, b"\n\n\n", b"a:b\n" * 200]
)
def test_unreadable_metadata_has_no_fields_that_a_page_shows(data: bytes) -> None:
    assert read_core_fields(data).keys() <= {"description"}


@pytest.mark.parametrize("value", list_hostile_values())
def test_hostile_values_stay_texts_in_html_and_json(value: str) -> None:
    """Each value is in every field; a page has no more elements than with a harmless value."""
    line = " ".join(value.split("\n"))
    text = "".join(f"{field}: {line}\n" for field in FIELDS)
    text += f"Project-URL: {line}, https://acme.example/{line}\nProject-URL: x, {line}\n"
    record = make_record("acme-1.0-py3-none-any.whl")
    metadata = read(text)
    content = ReleaseContent(
        record, Listing.from_record(record), Version("1.0"), metadata, Readme("<p>x</p>")
    )
    for page in (render_project(content, Site("Packages")), render_release(content, Site("P"))):
        tree = html5lib.parse(page.decode(), namespaceHTMLElements=False)
        scripts = {element.get("src") for element in tree.iter("script")}
        assert all(src is not None and "/static/" in f"/{src}" for src in scripts)
        for element in tree.iter():
            assert not any(str(name).lower().startswith(("on", "style")) for name in element.attrib)
            assert element.tag not in {"iframe", "object", "embed", "base", "style", "img"}
            href = element.get("href", "")
            assert not re.match(r"\s*(java|vb)script|data:", href, re.IGNORECASE), href
        assert not CONTROL.search(page.decode())
    info = json.loads(render_release_json(content))["info"]
    assert not any(CONTROL.search(each) for each in list_texts(info))
