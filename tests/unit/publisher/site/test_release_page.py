import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest

from publisher.render.numbered_pages import INDEX
from publisher.site.history_page import divide_history, render_history
from publisher.site.page_content import Readme, ReleaseContent, Site
from publisher.site.release_list import divide_releases, render_release_list
from publisher.site.release_page import render_project, render_release
from testing.fakes.examples import make_file_record
from testing.sample_content import (
    METADATA,
    SITE,
    make_content,
    make_hostile_content,
    make_large_record,
    make_ordinary_content,
    make_record,
    make_registers,
    make_special_contents,
    make_status,
)

CONTENTS: dict[str, ReleaseContent] = {
    content.record.project: content
    for content in (
        make_ordinary_content(),
        make_hostile_content(),
        *make_special_contents().values(),
    )
}
BASE = "https://index.example/prefix/"


def render_all(content: ReleaseContent) -> Iterator[tuple[str, str]]:
    """Yield all pages of a project, with their paths from the home page."""
    project = content.record.project
    releases, history = divide_releases(content.record), divide_history(content.record)
    pages = {
        "": render_project(content, SITE),
        f"{content.version}/": render_release(content, SITE),
        "releases/": render_release_list(content.listing, releases, SITE, INDEX),
        "history/": render_history(project, history, content.notes, SITE, INDEX),
    }
    for path, page in pages.items():
        yield f"projects/{project}/{path}", page.decode()


def list_elements(page: str) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a page, with their attributes, as a browser reads them."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=False)
    tree = parser.parse(page)
    assert [code for _, code, _ in parser.errors] == []
    return [(str(each.tag), dict(each.attrib)) for each in tree.iter()]


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_pages_are_valid_without_inline_style_or_script(content: ReleaseContent) -> None:
    for path, page in render_all(content):
        elements = list_elements(page)
        ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        for tag, attributes in elements:
            names = {name for name in attributes if name.startswith("on") or name == "style"}
            assert not names, path
            assert tag != "style"
            assert tag != "script" or "src" in attributes


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_links_are_relative_and_stay_below_the_home_page(content: ReleaseContent) -> None:
    for path, page in render_all(content):
        for tag, attributes in list_elements(page):
            for name in ("href", "src", "action", "xlink:href"):
                link = attributes.get(name, "")
                if attributes.get("rel") == "nofollow noopener noreferrer" or "../" not in link:
                    continue
                assert not link.startswith("/"), (tag, link)
                assert urljoin(BASE + path, link).startswith(BASE), (tag, link)


def test_links_of_authors_are_the_only_external_ones() -> None:
    for _, page in render_all(CONTENTS["acme-hostile"]):
        links = [attributes.get("href", "") for _, attributes in list_elements(page)]
        assert {urlsplit(link).scheme for link in links} <= {"", "https"}
        external = {link.split("?")[0] for link in links if "//" in link}
        assert external <= {
            "https://example.com/",
            "https://example.com/ok",
            f"https://{'l' * 63}.example/{'p' * 1500}",
        }


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_pages_have_no_control_or_bidirectional_characters(content: ReleaseContent) -> None:
    for _, page in render_all(content):
        assert [c for c in set(page) if not c.isprintable() and c != "\n"] == []


def test_the_page_shows_the_elements_of_a_release() -> None:
    content = CONTENTS["acme-geometry"]
    page = re.sub(r"\s+", " ", render_release(content, SITE).decode())
    for part in (
        '<h1>acme-geometry <span class="version">2.4.1</span></h1>',
        "Fast plane geometry for maps",
        "uv add acme-geometry==2.4.1 --default-index",
        "pip install acme-geometry==2.4.1 --index-url",
        "poetry add acme-geometry==2.4.1",
        "pdm add acme-geometry==2.4.1",
        "<th>operation</th>",
        ">acme_geometry-2.4.1.tar.gz</a>",
        "2.4 MB",
        '<time datetime="2026-11-24T12:00:09Z">2026-11-24 12:00 UTC</time> by acme',
        f"<code>{9:064x}</code>",
        "<code>1288431</code>",
        "ci-geometry",
        "unknown-platform: the tag musllinux_1_2_x86_64 is new",
        "<code>acme_geometry.pth</code>",
        "Extra <code>projections</code>",
        "if sys_platform != &#34;emscripten&#34;",
        "Python &gt;=3.11",
        "Apache-2.0 OR MIT",
        "Topic :: Scientific/Engineering :: GIS",
        '<li class="tag">polygons</li>',
        'icons.svg#issues"',
        "Grace Hopper",
        "../../../pypi/acme-geometry/2.4.1/json",
        "../../../projects/acme-geometry/feed.xml",
        "../../../simple/acme-geometry/",
        'data-dependents="acme-geometry"',
    ):
        assert part in page, part


def test_a_release_page_says_nothing_about_other_releases() -> None:
    content = CONTENTS["acme-geometry"]
    own = [file for file in content.record.files.values() if file.version == content.version]
    alone = make_content(
        make_record("acme-geometry", own), "2.4.1", METADATA, content.readme, content.notes
    )
    assert len(own) < len(content.record.files)
    assert render_release(content, SITE) == render_release(alone, SITE)


def test_the_page_of_a_project_lists_its_releases() -> None:
    page = render_project(CONTENTS["acme-geometry"], SITE).decode()
    assert '<a href="2.4.1/">2.4.1</a>' in page
    assert '<a href="releases/">All 30 releases</a>' in page
    assert "Releases per month, from 2024-12 to 2026-11: " in page


@pytest.mark.parametrize(
    ("project", "requirement"),
    [
        ("acme-geometry", "acme-geometry"),
        ("acme-yanked", "acme-yanked==1.0"),
        ("acme-pre", "acme-pre==1.0rc1"),
        ("acme-archived", "acme-archived"),
    ],
)
def test_install_commands_name_a_version_only_if_needed(project: str, requirement: str) -> None:
    page = render_project(CONTENTS[project], SITE).decode()
    assert f"pip install {requirement} --index-url" in page
    assert f"uv add {requirement} --default-index" in page


@pytest.mark.parametrize("project", ["acme-removed", "acme-quarantined", "acme-held", "acme-empty"])
def test_releases_without_offered_files_have_no_install_commands(project: str) -> None:
    for page in (render_project, render_release):
        html = page(CONTENTS[project], SITE).decode()
        assert "pip install" not in html
        assert "/packages/" not in html


def test_commands_have_the_address_of_the_index() -> None:
    site = Site("Acme", "https://packages.example.com/simple/")
    page = render_project(CONTENTS["acme-geometry"], site).decode()
    assert "acme-geometry --index-url https://packages.example.com/simple/<" in page
    assert "data-index-url" not in page


def test_the_readme_is_not_escaped_and_its_note_is() -> None:
    content = replace(CONTENTS["acme-archived"], readme=Readme("<p><em>a</em></p>", "<too long>"))
    page = render_release(content, SITE).decode()
    assert "<p><em>a</em></p>" in page
    assert "&lt;too long&gt;" in page


def test_an_ordinary_project_page_is_at_most_60_kb_without_its_readme() -> None:
    content = CONTENTS["acme-geometry"]
    size = len(render_project(content, SITE)) - len(content.readme.html.encode())
    assert 10_000 < size <= 60_000


@pytest.mark.parametrize(("releases", "files"), [(1000, 10), (10, 10)])
def test_a_large_project_page_is_at_most_300_kb(releases: int, files: int) -> None:
    record = make_large_record(releases, files)
    content = make_content(record, f"{releases}.0", METADATA)
    assert len(render_project(content, SITE)) <= 60_000


def test_a_project_page_with_many_files_in_one_release_is_at_most_300_kb() -> None:
    files = [
        make_file_record(f"acme-1.0-{number}-py3-none-any.whl", run="1" * 128)
        for number in range(10_000)
    ]
    content = make_content(make_record("acme", files), "1.0", METADATA)
    page = render_project(content, SITE)
    assert len(page) <= 300_000
    assert b"9,940 further files" in page
    assert b'href="1.0/#files"' in page
    assert b"9,000 further files" in render_release(content, SITE)


def test_hostile_metadata_gives_a_page_of_limited_size() -> None:
    assert len(render_project(CONTENTS["acme-hostile"], SITE)) <= 300_000


def test_each_notice_has_a_label_of_its_own() -> None:
    """Landmarks of one kind need different labels."""
    file = make_file_record("acme-1.0rc1-py3-none-any.whl")
    fields = {"yanked": make_registers("1rc1"), "status": make_status("archived")}
    content = make_content(make_record("acme", [file], **fields), "1.0rc1")
    elements = list_elements(render_release(content, SITE).decode())
    notices = [each for _, each in elements if "notice" in each.get("class", "").split()]
    assert [notice["aria-label"] for notice in notices] == [
        "This project is archived.",
        "This release is yanked.",
        "This is a pre-release.",
    ]
