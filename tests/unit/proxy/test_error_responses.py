"""Pages and texts for errors: ``proxy.http.error_responses``."""

from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from proxy.http.negotiation import prefers_html
from proxy.http.small_pages import render_small_page
from testing.memory_proxy import HTML, NARROW, MemoryProxy, ProxyResponse, encode_basic
from testing.storage import Fault
from unit.proxy.conftest import ProxyServer

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;"
    "q=0.8,application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
BROWSERS = [
    CHROME,
    FIREFOX,
    "text/html",
    "TEXT/HTML;q=0.9, text/*;q=0.5, image/*;q=0.5, application/*",  # the last one is greater
]
TOOLS = {
    "pip": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1,"
    " text/html; q=0.01",
    "uv": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2,"
    " text/html;q=0.01",
    "poetry": "application/vnd.pypi.simple.v1+json, */*;q=0.1",
    "uv publish": "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7",
    "curl, Renovate": "*/*",
    "got": "application/json",
    "none": "",
    "refusal": "text/html;q=0, */*",
    "invalid": "text/html;q=x, */*",
    "script": "text/html;q=0.9, application/json",
}
BROWSER = {"accept": FIREFOX}


class PageParser(HTMLParser):
    """Text, links and style sheets of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.style = self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] == ["style"] and not self.style:
            self.style = data
        else:
            self.text += data


@pytest.mark.conformance(65)
@pytest.mark.parametrize("accept", TOOLS.values(), ids=TOOLS)
def test_a_tool_gets_text(accept: str) -> None:
    assert not prefers_html(accept)


@pytest.mark.parametrize("accept", BROWSERS[:3])
def test_a_browser_gets_a_page(accept: str) -> None:
    assert prefers_html(accept)


def test_a_client_that_prefers_another_type_gets_text() -> None:
    assert not prefers_html(BROWSERS[3])


async def request_errors(proxy: MemoryProxy, fields: dict[str, str]) -> dict[int, ProxyResponse]:
    """Return the responses to requests that fail, by status code."""
    answers = [
        await proxy.ask("/projects/alpha-pkg/", {**fields, "authorization": ""}),
        await proxy.ask("/nothing", fields),
        await proxy.ask("/simple/", fields, "POST"),
        await proxy.ask("/simple/?format=image/png", fields),
        await proxy.ask("/" + "a" * 3000, fields),
        await proxy.ask("/simple/", {**fields, "x-long": "a" * 40_000}),
    ]
    proxy.static.fault(Fault(times=None))
    answers.append(await proxy.ask("/projects/alpha-pkg/", fields))
    return {answer.status: answer for answer in answers}


@pytest.mark.conformance(58, 59, 64, 65)
async def test_each_error_is_a_page_for_a_browser_with_the_fields_of_the_text() -> None:
    texts = await request_errors(MemoryProxy(storage_timeout=2), {})
    pages = await request_errors(MemoryProxy(storage_timeout=2), BROWSER)
    assert list(pages) == list(texts) == [401, 404, 405, 406, 414, 431, 503]
    for status, page in pages.items():
        own = {"content-type", "content-length", "content-security-policy"}
        assert {k: v for k, v in page.headers.items() if k not in own} == {
            k: v for k, v in texts[status].headers.items() if k not in own
        }
        assert page.headers["content-type"] == HTML
        assert page.headers["content-length"] == str(len(page.body))
        assert page.body.startswith(b"<!DOCTYPE html>")
        assert texts[status].headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.conformance(59)
async def test_the_page_of_a_401_asks_for_the_token(proxy: MemoryProxy) -> None:
    answer = await proxy.ask("/", {**BROWSER, "authorization": ""})
    assert answer.headers["www-authenticate"] == 'Basic realm="gcpypi", charset="UTF-8"'
    assert "token as the password" in PageParser(answer.body).text


@pytest.mark.conformance(62)
async def test_the_page_of_a_404_does_not_tell_what_exists(proxy: MemoryProxy) -> None:
    fields = {**BROWSER, "authorization": encode_basic(NARROW)}
    answers = [await proxy.ask(f"/projects/{name}/", fields) for name in ("beta", "gamma")]
    assert answers[0] == answers[1]
    assert "or your token is not for it" in PageParser(answers[0].body).text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/projects/gamma/",
        "/projects/alpha-pkg/9.0/",
        "/simple/gamma/",
        "/projects/alpha-pkg/history/page99.html",
        "/packages//x",
        "/a//b/c",
        "//nothing",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/python/internal"])
async def test_the_way_back_leads_to_the_home_page_under_any_prefix(
    proxy: MemoryProxy, path: str, prefix: str
) -> None:
    answer = await proxy.ask(path, BROWSER)
    [link] = PageParser(answer.body).links
    assert not link.startswith("/")
    segments = (prefix + path).split("/")[1:-1]
    for step in link.split("/")[:-1]:
        if step == "..":
            segments.pop()  # as browsers do, also for an empty segment
    assert "/".join(["", *segments]) == prefix


async def test_the_way_back_from_the_home_page_is_another_try(proxy: MemoryProxy) -> None:
    answer = await proxy.ask("/", {**BROWSER, "authorization": ""})
    [link] = PageParser(answer.body).links
    assert urljoin("https://index.example/", link) == "https://index.example/"


async def test_a_page_permits_its_style_sheet_and_nothing_else(proxy: MemoryProxy) -> None:
    answer = await proxy.ask("/nothing", BROWSER)
    page = PageParser(answer.body)
    digest = b64encode(sha256(page.style.encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert page.tags.count("style") == page.tags.count("h1") == page.tags.count("main") == 1
    assert {"script", "link", "img"}.isdisjoint(page.tags)
    assert "style" not in page.attributes


@pytest.mark.settings(upload_url="https://upload.example/<b>/")
async def test_the_page_of_a_405_has_the_address_for_publishing_as_text(
    proxy: MemoryProxy,
) -> None:
    page = PageParser((await proxy.ask("/simple/", BROWSER, "POST")).body)
    assert "publish with POST to https://upload.example/<b>/." in page.text
    assert "b" not in page.tags


def test_content_is_escaped_by_its_author_and_titles_by_the_page() -> None:
    assert b"<h1>&lt;b&gt;</h1>\n<p>x</p>" in render_small_page("<b>", "<p>x</p>", "../")


async def test_a_page_is_prepared_once(proxy: MemoryProxy) -> None:
    first = await proxy.ask("/nothing", BROWSER)
    assert await proxy.ask("/nothing", BROWSER) == first
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(51)
def test_an_error_page_is_answered_over_http(server: ProxyServer) -> None:
    got, head = server.get("/nothing", BROWSER), server.head("/nothing", BROWSER)
    assert (got.status, head.status, head.body) == (404, 404, b"")
    assert head.headers["content-length"] == str(len(got.body))
