"""Redirects inside the index: ``proxy.http.locations`` and the routes that use it."""

from urllib.parse import urljoin

import pytest

from testing.memory_proxy import LOCAL, MemoryProxy
from unit.proxy.conftest import ProxyServer

PREFIX = "/python/internal"
"""Prefix of a front end that removes it from the paths of requests."""
NAMES = [
    ("/simple", "/simple/"),
    ("/simple/Alpha_Pkg", "/simple/alpha-pkg/"),
    ("/simple/Alpha_Pkg/", "/simple/alpha-pkg/"),
    ("/%73imple/Alpha%5FPkg/", "/simple/alpha-pkg/"),
    ("/pypi/Alpha.Pkg/json", "/pypi/alpha-pkg/json"),
    ("/projects", "/projects/"),
    ("/projects/Alpha_Pkg/", "/projects/alpha-pkg/"),
    ("/projects/Alpha_Pkg", "/projects/alpha-pkg/"),
    ("/projects/alpha-pkg/v1.0/", "/projects/alpha-pkg/1.0/"),
    ("/projects/alpha-pkg/1.0", "/projects/alpha-pkg/1.0/"),
    ("/projects/alpha-pkg/1.0.0/", "/projects/alpha-pkg/1.0/"),
    ("/projects/Alpha_Pkg/releases.json", "/projects/alpha-pkg/releases.json"),
    ("/projects/Alpha_Pkg/history/page2.html", "/projects/alpha-pkg/history/page2.html"),
    ("/projects/alpha-pkg/history", "/projects/alpha-pkg/history/"),
    ("/pypi/alpha-pkg/1/json", "/pypi/alpha-pkg/1.0/json"),
    ("/search", "/search/"),
    ("/changes", "/changes/"),
    ("/changelog/page1.html", "/changes/"),
]
"""Other spellings of names, and their canonical paths."""
ODD = [
    ("/index.html", "/"),
    ("/simple/index.html", "/simple/"),
    ("/simple/alpha-pkg/index.html", "/simple/alpha-pkg/"),
    ("/simple/Alpha_Pkg/index.html", "/simple/alpha-pkg/"),
    ("/pypi/alpha-pkg/json/", "/pypi/alpha-pkg/json"),
    ("/pypi/Alpha.Pkg/json/", "/pypi/alpha-pkg/json"),
    ("/.well-known/gcpypi.json/", "/.well-known/gcpypi.json"),
    ("/search/index.html", "/search/"),
    ("/search.json/", "/search.json"),
    ("/feed.xml/", "/feed.xml"),
    ("/projects/index.html", "/projects/"),
    ("/projects/Alpha_Pkg/index.html", "/projects/alpha-pkg/"),
    ("/projects/alpha-pkg/feed.xml/", "/projects/alpha-pkg/feed.xml"),
    ("/projects/Alpha_Pkg/1.0/index.html", "/projects/alpha-pkg/1.0/"),
    ("/projects/alpha-pkg/1!2.0+cu1", "/projects/alpha-pkg/1%212.0%2Bcu1/"),
]
"""Spellings of static indexes and typing errors."""
DOUBLED = [
    ("//", "/"),
    ("//simple", "/simple/"),
    ("//simple/", "/simple/"),
    ("/simple//", "/simple/"),
    ("//simple//index.html", "/simple/"),
    ("/simple//alpha-pkg/", "/simple/alpha-pkg/"),
    ("/simple//alpha-pkg", "/simple/alpha-pkg/"),
    ("/simple/Alpha_Pkg//", "/simple/alpha-pkg/"),
    ("///simple///alpha-pkg///", "/simple/alpha-pkg/"),
    ("/pypi//alpha-pkg//json", "/pypi/alpha-pkg/json"),
    ("/packages//alpha_pkg-1.0-py3-none-any.whl", "/packages/alpha_pkg-1.0-py3-none-any.whl"),
    ("//packages/alpha_pkg-1.0.tar.gz", "/packages/alpha_pkg-1.0.tar.gz"),
    ("/packages//alpha_pkg-1.0-py3-none-any.whl.metadata",
     "/packages/alpha_pkg-1.0-py3-none-any.whl.metadata"),
    ("//.well-known/gcpypi.json", "/.well-known/gcpypi.json"),
    ("//search//", "/search/"),
    ("//projects//Alpha_Pkg//1.0//", "/projects/alpha-pkg/1.0/"),
    ("/pypi//alpha-pkg/1.0/json", "/pypi/alpha-pkg/1.0/json"),
    (f"/packages//{LOCAL}", "/packages/alpha_pkg-1%212.0%2Bcu1-py3-none-any.whl"),
]  # fmt: skip
"""Empty segments, for example from a configured address with two slashes."""
QUERY = "format=application/vnd.pypi.simple.v1%2Bjson"


def resolve(base: str, reference: str) -> str:
    """Return the path of a reference by RFC 3986 §5.2.4, which keeps empty segments."""
    resolved: list[str] = []
    for segment in (base[: base.rindex("/") + 1] + reference).split("/")[1:]:
        if segment == "..":
            del resolved[-1:]
        elif segment != ".":
            resolved.append(segment)
    return "/" + "/".join(resolved)


@pytest.mark.conformance(2, 3, 4)
@pytest.mark.parametrize(("path", "canonical"), NAMES + ODD + DOUBLED)
def test_a_location_leads_to_the_canonical_path(
    server: ProxyServer, path: str, canonical: str
) -> None:
    location = server.get(path).headers["location"]
    assert resolve(path, location) == canonical
    assert resolve(PREFIX + path, location) == PREFIX + canonical


@pytest.mark.conformance(4)
@pytest.mark.parametrize(("path", "canonical"), NAMES + ODD + DOUBLED)
def test_a_location_leads_to_the_canonical_path_for_clients_in_python(
    server: ProxyServer, path: str, canonical: str
) -> None:
    """requests and httpx use ``urljoin``, which removes empty segments."""
    location = server.get(path).headers["location"]
    assert urljoin(f"https://index.example{path}", location) == f"https://index.example{canonical}"


@pytest.mark.conformance(4)
@pytest.mark.parametrize(("path", "canonical"), NAMES + ODD)
def test_a_location_stays_below_a_prefix_for_clients_in_python(
    server: ProxyServer, path: str, canonical: str
) -> None:
    location = server.get(path).headers["location"]
    base = f"https://index.example{PREFIX}"
    assert urljoin(base + path, location) == base + canonical


@pytest.mark.conformance(4)
@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/simple", "./simple/"),
        ("/simple/Alpha_Pkg", "./alpha-pkg/"),
        ("/simple/Alpha_Pkg/", "../alpha-pkg/"),
        ("/pypi/Alpha.Pkg/json", "../alpha-pkg/json"),
        ("/pypi/alpha-pkg/json/", "../json"),
        ("/index.html", "./"),
        ("/simple/index.html", "./"),
        ("/simple/alpha-pkg/index.html", "./"),
        ("//", "../"),
        ("/simple//alpha-pkg/", "../../../simple/alpha-pkg/"),
    ],
)
@pytest.mark.parametrize("query", ["", f"?{QUERY}"])
def test_a_location_is_relative_and_keeps_the_query(
    server: ProxyServer, path: str, location: str, query: str
) -> None:
    answer = server.get(path + query)
    assert (answer.status, answer.headers["location"]) == (301, location + query)
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.conformance(4)
@pytest.mark.parametrize("path", [path for path, _ in ODD + DOUBLED])
async def test_another_spelling_never_reaches_storage(proxy: MemoryProxy, path: str) -> None:
    answers = [await proxy.ask(path), await proxy.ask(path, {"authorization": ""})]
    assert [answer.status for answer in answers] == [301, 401]
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(5)
@pytest.mark.parametrize(
    "path",
    [
        "/nothing//",
        "//evil.example/",
        "//evil.example/simple/alpha-pkg/",
        "/simple/alpha-pkg/1.0/",
        "/simple//-x/",
        "/pypi/alpha-pkg",
        "/pypi/alpha-pkg/",
        "/pypi/alpha-pkg/json/x",
        "/packages/",
        "/packages//",
        "/packages//secret.json",
        "/packages/alpha_pkg-1.0.tar.gz/",
        "/packages/index.html",
        "/health/",
        "//health",
        "/robots.txt",
        "/sitemap.xml",
        "/projects/alpha-pkg/nothing",
        "/projects/alpha-pkg/history/page2.html/x",
        "/static/0123456789abcdef/style.css/",
        "/changelog/",
        "/apple-touch-icon.png",
        "/.well-known/security.txt",
        "/.well-known/",
        "/gcpypi.json",
    ],
)
async def test_a_path_that_spells_no_address_is_404(proxy: MemoryProxy, path: str) -> None:
    assert (await proxy.ask(path)).status == 404
    assert proxy.take_operation_count() == 0
