"""Conformance of a project's HTML page to INDEX_API section C."""

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import unquote

import html5lib
import pytest
from jinja2 import Template

from publisher.errors import UnexpectedHtml
from publisher.render import project_html
from publisher.render.listing import Listing
from schemas.records import ProjectRecord, Registers
from testing.fakes.examples import make_file_record
from unit.publisher.publisher_fixtures import (
    NAUGHTY,
    make_hostile_record,
    make_record,
    make_status,
    make_yank,
)

Attributes = dict[str, str | None]


class ParsedProjectPage(HTMLParser):
    """Links and declarations of a page, parsed by the standard library."""

    def __init__(self, of: ProjectRecord) -> None:
        super().__init__()
        self.anchors: list[tuple[str, Attributes]] = []
        self.meta: dict[str | None, str | None] = {}
        self._open = False
        self.html = project_html.render(Listing.from_record(of)).decode()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self.anchors.append(("", given))
        elif tag == "meta":
            self.meta[given.get("name")] = given.get("content")
        self._open = tag == "a"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.anchors[-1] = (data, self.anchors[-1][1])
            self._open = False

    def find_attributes(self, filename: str) -> Attributes:
        return dict(self.anchors)[filename]


EVERY = pytest.mark.parametrize(
    "of",
    [make_hostile_record(), make_record(), make_record("acme-1.0.tar.gz")],
    ids=["hostile", "empty", "one sdist"],
)


@pytest.mark.conformance(19)
@EVERY
def test_the_page_is_html5_to_a_strict_parser(of: ProjectRecord) -> None:
    html = ParsedProjectPage(of).html
    assert html.startswith("<!DOCTYPE html>\n")
    html5lib.HTMLParser(strict=True).parse(html)


@pytest.mark.conformance(20)
@EVERY
def test_the_page_says_that_it_is_of_version_1_4(of: ProjectRecord) -> None:
    assert ParsedProjectPage(of).meta["pypi:repository-version"] == "1.4"


@pytest.mark.conformance(22)
def test_there_is_exactly_one_link_a_file_with_its_name_and_digest() -> None:
    names = [file.facts.filename for file in Listing.from_record(make_hostile_record()).files]
    anchors = ParsedProjectPage(make_hostile_record()).anchors
    assert [text for text, _ in anchors] == names[::-1]
    assert {str(given["href"]).partition("#")[2] for _, given in anchors} == {f"sha256={'a' * 64}"}


@pytest.mark.conformance(10)
def test_links_are_percent_encoded_and_end_in_the_file_name() -> None:
    for name, given in ParsedProjectPage(make_hostile_record()).anchors:
        address = str(given["href"]).partition("#")[0]
        assert address.startswith("../../packages/")
        assert not set("+!") & set(address)
        assert unquote(address.rsplit("/", 1)[1]) == name


@pytest.mark.conformance(23)
def test_requires_python_is_escaped_and_comes_back_as_it_was() -> None:
    page = ParsedProjectPage(make_hostile_record())
    assert 'data-requires-python="&lt;4, &gt;=3.8"' in page.html
    assert page.find_attributes("acme-0.8.tar.gz")["data-requires-python"] == "<4, >=3.8"


@pytest.mark.conformance(24)
def test_core_metadata_is_announced_with_its_digest_and_for_wheels_only() -> None:
    page = ParsedProjectPage(make_hostile_record())
    wheel = page.find_attributes("acme-1!2.0-py3-none-any.whl")
    assert wheel["data-core-metadata"] == f"sha256={'b' * 64}"
    assert "data-core-metadata" not in page.find_attributes("acme-0.8.tar.gz")


@pytest.mark.conformance(25)
def test_a_yank_is_said_with_its_reason_escaped_or_without_one() -> None:
    page = ParsedProjectPage(make_hostile_record())
    assert page.find_attributes("acme-0.9.tar.gz")["data-yanked"] == NAUGHTY
    assert page.find_attributes("acme-0.8.tar.gz")["data-yanked"] == ""
    assert "data-yanked" not in page.find_attributes("acme-1!2.0-py3-none-any.whl")
    assert "<b>" not in page.html


@pytest.mark.conformance(26, 27)
def test_legacy_attributes_are_left_out() -> None:
    html = ParsedProjectPage(make_hostile_record()).html
    assert "data-gpg-sig" not in html
    assert "data-provenance" not in html
    assert "data-dist-info-metadata" not in html


@pytest.mark.conformance(28)
def test_the_status_is_declared_with_its_reason_escaped() -> None:
    page = ParsedProjectPage(make_hostile_record())
    assert page.meta["pypi:project-status"] == "deprecated"
    assert page.meta["pypi:project-status-reason"] == NAUGHTY


@pytest.mark.conformance(28)
def test_an_active_project_declares_no_reason() -> None:
    meta = ParsedProjectPage(make_record("acme-1.0.tar.gz")).meta
    assert meta["pypi:project-status"] == "active"
    assert "pypi:project-status-reason" not in meta


def test_people_read_a_status_a_summary_and_that_there_are_no_files() -> None:
    html = ParsedProjectPage(make_hostile_record()).html
    assert '<p class="status">This project is deprecated: &lt;b&gt;' in html
    assert "<p>Says &lt;hello&gt; &amp; goodbye</p>" in html
    html = ParsedProjectPage(make_record(status=make_status("archived"))).html
    assert '<p class="status">This project is archived.</p>' in html
    assert "<p>It offers no files.</p>" in html


def test_a_requirement_to_copy_names_the_latest_version() -> None:
    assert (
        "<p>Latest version: <code>acme==1!2.0</code></p>"
        in ParsedProjectPage(make_hostile_record()).html
    )
    assert "Latest version" not in ParsedProjectPage(make_record()).html


@EVERY
def test_nothing_on_the_page_needs_a_script_or_a_field(of: ProjectRecord) -> None:
    html = ParsedProjectPage(of).html
    assert "<script" not in html
    assert "<input" not in html


def test_markup_in_an_uploader_is_text() -> None:
    file = make_file_record("acme-1.tar.gz", uploader="<script>alert(1)</script>\r\n")
    html = ParsedProjectPage(make_record(files={file.filename: file})).html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;)" in html


def remove_first_file(html: str) -> str:
    return html[: html.index("<li>")] + html[html.index("</li>") :]


def remove_last_file(html: str) -> str:
    return html[: html.rindex("<li>")] + html[html.rindex("</li>") :]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (remove_first_file, "link 0 is"),
        (remove_last_file, "7 links, not 8"),
        (lambda html: html.replace("data-yanked", "data-withdrawn"), "data-withdrawn"),
        (lambda html: html.replace("<html>", "<html class='new'>"), "occurs 0 times, not 1"),
        (lambda html: html.replace("<ul>", "<ul><a href='/new'>new</a>"), "link 0 is"),
        (lambda html: html.replace("<ul>", "<nav></nav><ul>"), "unknown parts"),
    ],
)
def test_a_dumb_pypi_with_other_markup_is_detected(
    change: Callable[[str], str], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Template.render
    monkeypatch.setattr(Template, "render", lambda self, **given: change(render(self, **given)))
    with pytest.raises(UnexpectedHtml, match=found) as refused:
        ParsedProjectPage(make_hostile_record())
    assert refused.value.page == "simple/acme/index.html"


def test_the_yanks_of_a_file_and_of_its_version_are_one() -> None:
    yanked = Registers.model_validate(
        {
            "versions": {"1": make_yank("all of it")},
            "files": {"acme-1.tar.gz": make_yank("this one", value=False, at=1)},
        }
    )
    page = ParsedProjectPage(make_record("acme-1.tar.gz", "acme-1-py3-none-any.whl", yanked=yanked))
    assert "data-yanked" not in page.find_attributes("acme-1.tar.gz")
    assert page.find_attributes("acme-1-py3-none-any.whl")["data-yanked"] == "all of it"
