"""Descriptions on pages: nothing outside the allow-list remains, and the page stays whole."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest

from publisher.web.readme_child import parse_content_type, render_description
from publisher.web.readme_html import render_text, sanitize
from testing.hostile_readmes import HostileReadme, list_hostile_readmes

README = list_hostile_readmes()
WITH_IMAGES = [each for each in README if re.search("(?i)<img|image|!\\[", each.text)]
TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd"),
    *("del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "h3", "h4", "h5", "h6"),
    *("hr", "i", "kbd", "li", "ol", "p", "pre", "s", "section", "small", "span", "strong", "sub"),
    *("summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"),
}
LINKS = {"http", "https", "mailto"}
ATTRIBUTES = {"align", "class", "colspan", "href", "id", "rel", "rowspan", "start", "title"}
UNSAFE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)


def walk_page(html: str) -> Iterator[Element]:
    """Yield the elements of a description in a page, and check that the page stays whole."""
    page = f"<main><h2 id=description>x</h2><div>{html}</div></main><footer>end</footer>"
    body = html5lib.parse(page, namespaceHTMLElements=False).find("body")
    assert body is not None
    assert [child.tag for child in body] == ["main", "footer"]
    assert body[1].text == "end"
    heading, content = body[0]
    assert heading.tag == "h2"
    yield from list(content.iter())[1:]


def assert_harmless(html: str) -> None:
    assert not UNSAFE.search(html)
    for element in walk_page(html):
        assert element.tag in TAGS, element.tag
        assert element.attrib.keys() <= ATTRIBUTES, element.attrib
        assert element.get("id", "readme-").startswith("readme-")
        assert "class" not in element.attrib or len(element.get("class", "")) <= 3
        if "href" in element.attrib:
            href = element.attrib["href"]
            assert href.startswith("#readme-") or urlsplit(href).scheme in LINKS, href
            assert element.get("rel") == "nofollow noopener"


def test_there_are_hundreds_of_hostile_descriptions() -> None:
    assert len({(each.text, each.content_type) for each in README}) >= 200


@pytest.mark.parametrize("readme", README, ids=lambda readme: readme.name)
def test_nothing_outside_the_allow_list_remains(readme: HostileReadme) -> None:
    html, note = render_description(readme.text, readme.content_type)
    assert_harmless(html)
    assert html
    assert note == "" or note.startswith("The description is shown as text: ")


@pytest.mark.parametrize("readme", WITH_IMAGES, ids=lambda readme: readme.name)
def test_with_images_only_images_of_web_servers_are_added(readme: HostileReadme) -> None:
    html, _ = render_description(readme.text, readme.content_type, images=True)
    for element in walk_page(html):
        assert element.tag in TAGS | {"img"}
        if element.tag == "img":
            assert element.attrib.keys() <= {"src", "alt", "width", "height", "id"}
            assert urlsplit(element.get("src", "https:")).scheme in {"http", "https"}


def render(text: str, content_type: str = "text/markdown", *, images: bool = False) -> str:
    html, note = render_description(text, content_type, images=images)
    assert note == ""
    return html


def test_markdown_has_the_extensions_of_github() -> None:
    html = render("~~old~~ https://example.com\n\n|a|b|\n|-|-|\n|1|2|\n\n- [x] done\n- [ ] open\n")
    assert "<del>old</del>" in html
    assert '<a href="https://example.com" rel="nofollow noopener">https://example.com</a>' in html
    assert "<td>1</td>" in html
    assert "<li>☑ done</li>" in html
    assert "<li>☐ open</li>" in html


def test_headings_begin_below_those_of_the_page_and_links_to_them_work() -> None:
    html = render("[to it](#usage)\n\n# Usage\n\n###### Details\n")
    assert '<a href="#readme-user-content-usage" rel="nofollow noopener">to it</a>' in html
    assert '<h3 id="readme-user-content-usage">Usage</h3>' in html
    assert '<h6 id="readme-user-content-details">Details</h6>' in html


def test_links_to_headings_of_restructuredtext_work() -> None:
    html = render("Usage\n=====\n\nSee usage_.\n", "text/x-rst")
    assert 'href="#readme-user-content-usage"' in html
    assert 'id="readme-user-content-usage"' in html
    assert "<h3>Usage</h3>" in html


def test_code_is_highlighted() -> None:
    assert '<span class="nb">print</span>' in render("```python\nprint(1)\n```\n")


def test_an_image_is_a_link_with_its_alternative_text() -> None:
    html = render("![A & <b>](https://example.com/a.png?x=1&y=2)")
    assert html == (
        '<p><a href="https://example.com/a.png?x=1&amp;y=2" rel="nofollow noopener">'
        "A &amp; &lt;b&gt;</a></p>\n"
    )


def test_an_image_in_a_link_is_its_text() -> None:
    html = render("[![build](https://ci.example/b.svg)](https://ci.example/)")
    assert html == '<p><a href="https://ci.example/" rel="nofollow noopener">build</a></p>\n'


def test_an_image_without_a_text_or_a_source_has_a_word_in_its_place() -> None:
    assert render("![](https://example.com/a.png)") == (
        '<p><a href="https://example.com/a.png" rel="nofollow noopener">image</a></p>\n'
    )
    assert render("![logo](logo.png)") == "<p>logo</p>\n"


def test_images_can_be_shown() -> None:
    html = render("![A](https://example.com/a.png)", images=True)
    assert html == '<p><img src="https://example.com/a.png" alt="A"></p>\n'


def test_a_link_without_text_is_left_out() -> None:
    assert sanitize('<p>a<a href="https://example.com"></a>b</p>') == "<p>ab</p>"


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=UTF-8"])
def test_plain_text_keeps_its_lines_and_characters(content_type: str) -> None:
    assert render("a < b\r\n  # c", content_type) == "<pre>a &lt; b\n  # c</pre>"


def test_without_a_content_type_restructuredtext_is_tried_first() -> None:
    assert render("*a*", "") == "<p><em>a</em></p>\n"
    assert render("a\n  b\n c *", "") == "<pre>a\n  b\n c *</pre>"


@pytest.mark.parametrize(
    ("text", "content_type", "reason"),
    [
        ("x", "text/html", "its Description-Content-Type is unknown"),
        (
            "A\n\n`x",
            "text/x-rst",
            "it is not valid reStructuredText (line 3: Inline interpreted text or phrase reference "
            "start-string without end-string)",
        ),
        (
            ".. raw:: html\n\n   x",
            "text/x-rst",
            'it is not valid reStructuredText (line 1: "raw" directive disabled)',
        ),
        (
            f".. {'x' * 200}::",
            "text/x-rst",
            f'it is not valid reStructuredText (line 1: Unknown directive type "{"x" * 96})',
        ),
        (".. comment", "text/x-rst", "it is not valid reStructuredText"),
        ("<!-- x -->", "text/markdown", "it has no content that a page may have"),
    ],
)
def test_a_description_that_cannot_be_rendered_is_shown_as_text_with_the_reason(
    text: str, content_type: str, reason: str
) -> None:
    html, note = render_description(text, content_type)
    assert html == render_text(text)
    assert note == f"The description is shown as text: {reason}."


def test_html_that_is_too_long_is_shown_as_text() -> None:
    html, note = render_description("*x* " * 100, "text/markdown", max_length=1_000)
    assert html.startswith("<pre>*x* *x*")
    assert note == "The description is shown as text: its HTML has more than 1,000 characters."


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("", ("text/x-rst", "GFM")),
        ("text/markdown; charset=UTF-8; variant=CommonMark", ("text/markdown", "CommonMark")),
        ("TEXT/Markdown;variant=gfm", ("text/markdown", "GFM")),
        ("text/markdown; variant=x", ("text/markdown", "GFM")),
    ],
)
def test_a_content_type_is_parsed_as_warehouse_does(value: str, parsed: tuple[str, str]) -> None:
    assert parse_content_type(value) == parsed
