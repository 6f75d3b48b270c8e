import pytest

from publisher.errors import UnexpectedHtml
from publisher.render.markup import add_head, replace_exactly, verify_links


def test_text_with_the_expected_occurrences_is_replaced() -> None:
    assert replace_exactly("page", "a-b-a", "a", "c", 2) == "c-b-c"


@pytest.mark.parametrize("times", [0, 1, 3])
def test_text_that_occurs_more_or_less_often_is_refused(times: int) -> None:
    with pytest.raises(UnexpectedHtml, match=f"page: 'a' occurs 2 times, not {times}"):
        replace_exactly("page", "a-b-a", "a", "c", times)


def test_declarations_are_escaped() -> None:
    html = add_head("page", "<!doctype html>\n<html>\n    <head>\n", {"x": '"<&'}, "")
    assert '<meta name="x" content="&quot;&lt;&amp;">' in html


def test_a_page_with_the_right_links_is_its_own_bytes() -> None:
    html = "<!DOCTYPE html><p>é</p><a href='/x?a=1&amp;b=2' data-y>\n  x &lt;\n  y\n</a>"
    assert (
        verify_links("page", html, [("x < y", {"href": "/x?a=1&b=2", "data-y": None})])
        == html.encode()
    )


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<a>x</a>", "link 0 is"),
        ("<a href='/x'>y</a>", "link 0 is"),
        ("<a href='/x'>x", "link 0 is"),
        ("", "0 links, not 1"),
        ("<a href='/x'>x</a><a href='/x'>x</a>", "2 links, not 1"),
        ("<a href='/x'><a href='/x'>x</a></a>", "inside"),
        ("<a href='/x' href='/x'>x</a>", "repeated attribute"),
        ("<a href='/x'>x</a><iframe>", "<iframe>"),
        ("<a href='/x'>x</a><script>alert(1)</script>", "<script>"),
        ("<a href='/x'>x</a><script src='/y'></script>", "<script>"),
        ("<a href='/x'>x</a><!-- y -->", "comment"),
        ("<a href='/x'>x</a><![CDATA[y]]>", "declaration|comment"),
    ],
)
def test_a_page_with_other_links_or_unknown_parts_is_refused(html: str, found: str) -> None:
    with pytest.raises(UnexpectedHtml, match=found):
        verify_links("page", html, [("x", {"href": "/x"})])


def test_an_end_tag_without_a_beginning_is_no_link() -> None:
    assert verify_links("page", "</a>", []) == b"</a>"
