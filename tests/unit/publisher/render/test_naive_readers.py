"""Pages for readers that search strings, for example Bazel's rules_python."""

import re
from collections.abc import Callable

import pytest
from jinja2 import Template

from publisher.errors import UnexpectedHtml
from publisher.render import catalog_html, project_html
from publisher.render.listing import Listing
from schemas.names import ProjectName
from schemas.records import ProjectRecord, Registers
from testing import naive_readers
from testing.naive_readers import NaiveFile
from unit.publisher.publisher_fixtures import (
    HOSTILE,
    NAUGHTY,
    make_hostile_record,
    make_record,
    make_yank,
)

Read = Callable[[str], list[NaiveFile]]

EVERY_READER = pytest.mark.parametrize(
    "read",
    [
        naive_readers.read_by_search,
        naive_readers.read_by_split,
        naive_readers.read_by_expression,
        naive_readers.read_by_line,
    ],
)
CONFUSING = (
    'data-yanked="x" href="y"',
    "a > b <a href='/x'>y</a>",
    "href=&#34;/x&#34; sha256=0",
    "</a><a href=",
    NAUGHTY,
)
"""Reasons and summaries that look like parts of an anchor."""


def render_page(record: ProjectRecord) -> str:
    return project_html.render(Listing.from_record(record)).decode()


def list_expected(record: ProjectRecord) -> list[NaiveFile]:
    return [
        NaiveFile(
            file.facts.filename,
            file.link,
            file.facts.sha256,
            file.facts.metadata_sha256 or "",
            file.yanked,
        )
        for file in reversed(Listing.from_record(record).files)
    ]


def make_confusing_record(text: str) -> ProjectRecord:
    """Make a record with ``text`` as summary and reason, and a second release without them."""
    record = make_hostile_record()
    files = {
        name: file.model_copy(update={"summary": text, "requires_python": ">=3.8,<4"})
        for name, file in record.files.items()
    }
    yanked = Registers.model_validate({"versions": {"1.0": make_yank(text), "0.9": make_yank()}})
    return record.model_copy(update={"files": files, "yanked": yanked})


@pytest.mark.conformance(22)
@EVERY_READER
def test_a_reader_that_searches_strings_finds_every_file(read: Read) -> None:
    record = make_hostile_record()
    assert read(render_page(record)) == list_expected(record)


@pytest.mark.conformance(22)
@EVERY_READER
@pytest.mark.parametrize("text", CONFUSING)
def test_no_text_of_a_record_looks_like_an_anchor(read: Read, text: str) -> None:
    record = make_confusing_record(text)
    assert read(render_page(record)) == list_expected(record)


@EVERY_READER
def test_a_page_without_files_has_none_for_these_readers(read: Read) -> None:
    assert read(render_page(make_record())) == []


@pytest.mark.conformance(22)
def test_an_anchor_is_one_line_with_its_attributes_in_a_fixed_order() -> None:
    lines = [line.strip() for line in render_page(make_hostile_record()).splitlines()]
    digest, metadata = "a" * 64, "b" * 64
    assert [line for line in lines if line.startswith("<a")][4] == (
        f'<a href="../../packages/acme-0.9.tar.gz#sha256={digest}"'
        ' data-requires-python="&lt;4, &gt;=3.8" data-yanked="&lt;b&gt;&amp;amp; '
        "&quot;it&#x27;s&quot; &#x27;gone&#x27;&lt;/b&gt; naïve 日本 🐍"
        '">acme-0.9.tar.gz</a>'
    )
    assert [line for line in lines if line.startswith("<a")][5] == (
        f'<a href="../../packages/acme-0.9-py3-none-any.whl#sha256={digest}"'
        f' data-requires-python="&lt;4, &gt;=3.8" data-core-metadata="sha256={metadata}"'
        ' data-yanked="&lt;b&gt;&amp;amp; &quot;it&#x27;s&quot; &#x27;gone&#x27;&lt;/b&gt; '
        'naïve 日本 🐍">acme-0.9-py3-none-any.whl</a>'
    )


@pytest.mark.conformance(22)
def test_the_only_addresses_and_yanks_of_a_page_are_those_of_its_files() -> None:
    html = render_page(make_hostile_record())
    files = list_expected(make_hostile_record())
    assert re.findall(r'href="([^"]*)"', html) == [f"{f.url}#sha256={f.sha256}" for f in files]
    assert re.findall(r"href='([^']*)'", html) == []
    assert html.count('data-yanked="') == sum(file.yanked is not None for file in files)


@pytest.mark.conformance(21)
def test_the_root_has_one_line_a_project_for_these_readers() -> None:
    projects = [ProjectName("acme"), ProjectName("index-html")]
    html = catalog_html.render_root(projects).decode()
    found = [(file.filename, file.url) for file in naive_readers.read_by_search(html)]
    assert found == [("acme", "acme/"), ("index-html", "index-html/")]
    lines = [line.strip() for line in html.splitlines() if "<a" in line]
    assert lines == ['<a href="acme/">acme</a>', '<a href="index-html/">index-html</a>']


@pytest.mark.parametrize("prefix", ["https://packages.example", "https://example.org/a/b"])
def test_a_reader_without_a_url_parser_resolves_the_links(prefix: str) -> None:
    [file] = naive_readers.read_by_search(render_page(make_record(HOSTILE[0])))
    url = naive_readers.resolve_by_text(f"{prefix}/simple/acme/", file.url)
    assert url == f"{prefix}/packages/acme-1%212.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("old", "new"),
    [("<a\n", "<a \n"), ("\n                    >", "\n >"), ("<li>\n" + 20 * " ", "<li>- ")],
)
def test_a_dumb_pypi_with_other_white_space_is_detected(
    old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = Template.render
    monkeypatch.setattr(Template, "render", lambda self, **v: render(self, **v).replace(old, new))
    with pytest.raises(UnexpectedHtml, match="not alone on its line: <a href="):
        render_page(make_record("acme-1.0.tar.gz"))
