"""Tests of ``proxy.http.negotiation``: the table of item 15, and other fields of clients."""

import pytest

from proxy.http.errors import NotAcceptable
from proxy.http.negotiation import HTML, V1_HTML, negotiate
from schemas.headers import SIMPLE_JSON as JSON

P = "application/vnd.pypi.simple."
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

ROWS = [
    ("", HTML),
    ("  ", HTML),
    ("*/*", HTML),
    ("text/html", HTML),
    ("text/*", HTML),
    (BROWSER, HTML),
    (JSON, JSON),
    (V1_HTML, V1_HTML),
    (f"{JSON}, {V1_HTML}; q=0.1, text/html; q=0.01", JSON),
    (f"{JSON}, {V1_HTML};q=0.2, text/html;q=0.01", JSON),
    (f"{JSON}, */*;q=0.1", JSON),
    (f"{JSON}, {V1_HTML}, text/html;q=0.01", JSON),
    (f"{P}latest+json", JSON),
    (f"{P}latest+html", V1_HTML),
    (f"{P}v2+json, {JSON};q=0.1", JSON),
    (f"{JSON};q=0, text/html", HTML),
    (f"{JSON};q=0.1, text/html;q=0.9", HTML),
    ("application/*", JSON),
    ("APPLICATION/VND.PYPI.SIMPLE.V1+JSON", JSON),
    (f"{JSON};q=0, */*", HTML),
]
REFUSED = [f"{P}v2+json", "application/json", "image/png", "*/*;q=0", "*/*; q=0.0"]

OTHERS = [
    (f"text/html, {V1_HTML}, {JSON}", JSON),
    (f"text/html , {V1_HTML}", V1_HTML),
    (f"{JSON} ; Q=0.1 , text/html ; q = 0.2", HTML),
    ("*/*, application/*", JSON),
    (f"*/*, {V1_HTML}", V1_HTML),
    (f"*/*, application/*;q=0.1, {V1_HTML};q=0.5", HTML),
    ("text/html;q=0, */*", JSON),
    ("text/html;level=1;charset=utf-8", HTML),
    (f"{P}latest+json;q=0.1, {JSON};q=0.9, text/html;q=0.5", JSON),
    (f"{JSON};q=banana, text/html", HTML),
    (";;;,,, ,text/html;q=1.000", HTML),
    ("\x00\xff, text/html", HTML),
]


@pytest.mark.conformance(13, 14, 15)
@pytest.mark.parametrize(("accept", "media_type"), ROWS)
def test_accept_selects_the_media_type_of_the_table(accept: str, media_type: str) -> None:
    assert negotiate(accept, "") == media_type


@pytest.mark.conformance(15)
@pytest.mark.parametrize("accept", REFUSED)
def test_an_unavailable_media_type_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept, "")


@pytest.mark.conformance(14)
@pytest.mark.parametrize(("accept", "media_type"), OTHERS)
def test_only_weights_rank_media_types(accept: str, media_type: str) -> None:
    assert negotiate(accept, "") == media_type


@pytest.mark.conformance(14)
@pytest.mark.parametrize("accept", ["garbage", ";;;", "text/html;q=x", "q=1", "a/b/c", ","])
def test_garbage_is_not_acceptable_rather_than_an_error(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate(accept, "")


@pytest.mark.conformance(16)
@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        ("format=application/vnd.pypi.simple.v1%2Bjson", JSON),
        ("format=application/vnd.pypi.simple.latest%2Bjson", JSON),
        ("format=application/vnd.pypi.simple.v1+json", JSON),
        ("format=application/vnd.pypi.simple.v1%20json", JSON),
        ("a=b+c&format=application%2Fvnd.pypi.simple.v1+html", V1_HTML),
        ("format=application/vnd.pypi.simple.latest+json", JSON),
        ("format=application/vnd.pypi.simple.latest+html", V1_HTML),
        ("a=b&format=application%2Fvnd.pypi.simple.v1%2Bhtml", V1_HTML),
        ("format=text/html", HTML),
    ],
)
def test_the_format_parameter_precedes_accept(query: str, media_type: str) -> None:
    assert negotiate("image/png", query) == media_type


@pytest.mark.conformance(16)
@pytest.mark.parametrize(
    "query",
    [
        "format=application/vnd.pypi.simple.v2+json",
        "format=+text/html",
        "format=application/vnd.pypi.simple.v1++json",
        "format=*/*",
        "format=",
        "format=json",
        "format=text/html&format=text/html",
    ],
)
def test_an_unknown_format_is_not_acceptable(query: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiate("*/*", query)


@pytest.mark.conformance(16)
def test_other_parameters_are_ignored() -> None:
    assert negotiate(JSON, "a=b") == JSON
