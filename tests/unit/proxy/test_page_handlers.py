"""Pages for people: ``proxy.pages.page_handlers`` and its table."""

import json
from urllib.parse import urljoin

import pytest

from testing.memory_proxy import (
    HTML,
    NARROW,
    PAGES_FOR_PEOPLE,
    UPLOAD,
    MemoryProxy,
    encode_basic,
)
from testing.storage import Fault
from unit.proxy.conftest import ProxyServer

JSON = "application/json"
ATOM = "application/atom+xml; charset=utf-8"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SANDBOX = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
WITH_README = ["/projects/alpha-pkg/", "/projects/alpha-pkg/1.0/"]
ASSET = "/static/0123456789abcdef/"
ADDRESSES = [
    ("/", "index.html", HTML),
    ("/search/", "search/index.html", HTML),
    ("/changes/", "changes/index.html", HTML),
    ("/projects/", "projects/page1.html", HTML),
    ("/projects/page1.html", "projects/page1.html", HTML),
    ("/projects/page2.html", "projects/page2.html", HTML),
    ("/projects/alpha-pkg/", "projects/alpha-pkg/index.html", HTML),
    ("/projects/alpha-pkg/1.0/", "projects/alpha-pkg/1.0/index.html", HTML),
    ("/projects/alpha-pkg/releases/", "projects/alpha-pkg/releases/index.html", HTML),
    ("/projects/alpha-pkg/releases/page1.html", "projects/alpha-pkg/releases/page1.html", HTML),
    ("/projects/alpha-pkg/history/", "projects/alpha-pkg/history/index.html", HTML),
    ("/projects/alpha-pkg/history/page2.html", "projects/alpha-pkg/history/page2.html", HTML),
    ("/search.json", "search.json", JSON),
    ("/search/al.json", "search/al.json", JSON),
    ("/recent.json", "recent.json", JSON),
    ("/changes.json", "changes.json", JSON),
    ("/totals.json", "totals.json", JSON),
    ("/projects/alpha-pkg/releases.json", "projects/alpha-pkg/releases.json", JSON),
    ("/pypi/alpha-pkg/json", "pypi/alpha-pkg/json", JSON),
    ("/pypi/alpha-pkg/1.0/json", "pypi/alpha-pkg/1.0/json", JSON),
    ("/feed.xml", "feed.xml", ATOM),
    ("/projects/alpha-pkg/feed.xml", "projects/alpha-pkg/feed.xml", ATOM),
    (f"{ASSET}style.css", f"{ASSET[1:]}style.css", "text/css; charset=utf-8"),
    (f"{ASSET}search.js", f"{ASSET[1:]}search.js", "text/javascript; charset=utf-8"),
    (f"{ASSET}icons.svg", f"{ASSET[1:]}icons.svg", "image/svg+xml"),
]
"""Addresses, their objects and their media types."""
PATHS = [path for path, _, _ in ADDRESSES]


def test_every_object_of_the_pages_for_people_has_an_address() -> None:
    names = {name for _, name, _ in ADDRESSES}
    own = {name for name in PAGES_FOR_PEOPLE if "beta" not in name and name != "search/be.json"}
    assert names == own


@pytest.mark.conformance(12)
@pytest.mark.parametrize(("path", "name", "media_type"), ADDRESSES)
def test_an_address_has_its_object_and_media_type(
    server: ProxyServer, path: str, name: str, media_type: str
) -> None:
    answer = server.get(path)
    assert (answer.status, answer.body.decode()) == (200, PAGES_FOR_PEOPLE[name])
    assert answer.headers["content-type"] == media_type


@pytest.mark.conformance(51, 53)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_answers_head_and_a_known_tag(server: ProxyServer, path: str) -> None:
    got, head = server.get(path), server.head(path)
    assert (head.status, head.body, head.headers["etag"]) == (200, b"", got.headers["etag"])
    assert head.headers["content-length"] == str(len(got.body))
    known = server.get(path, {"If-None-Match": got.headers["etag"]})
    assert (known.status, known.body) == (304, b"")


@pytest.mark.conformance(59)
@pytest.mark.parametrize("path", [*PATHS, "/projects/Alpha_Pkg", "/changelog/page1.html"])
async def test_without_a_token_a_page_is_401_and_reads_nothing(
    proxy: MemoryProxy, path: str
) -> None:
    answer = await proxy.ask(path, {"authorization": ""})
    assert (answer.status, answer.headers["www-authenticate"][:5]) == (401, "Basic")
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(54)
@pytest.mark.parametrize("path", [path for path in PATHS if not path.startswith("/static/")])
def test_a_page_is_revalidated_at_each_use(server: ProxyServer, path: str) -> None:
    assert server.get(path).headers["cache-control"] == "private, no-cache"


@pytest.mark.conformance(55)
@pytest.mark.parametrize("name", ["style.css", "search.js", "icons.svg"])
@pytest.mark.parametrize("token", [None, NARROW])
def test_an_asset_is_immutable_for_every_reader(
    server: ProxyServer, name: str, token: str | None
) -> None:
    fields = {"Authorization": encode_basic(token)} if token else {}
    answer = server.get(f"{ASSET}{name}", fields)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


async def test_an_absent_asset_is_not_cached(proxy: MemoryProxy) -> None:
    answer = await proxy.ask("/static/fedcba9876543210/style.css")
    assert (answer.status, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize("path", [path for path, _, media in ADDRESSES if media == HTML])
def test_a_page_loads_only_files_of_the_index(server: ProxyServer, path: str) -> None:
    headers = server.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/feed.xml", "/projects/alpha-pkg/feed.xml", f"{ASSET}icons.svg"])
def test_xml_runs_nothing(server: ProxyServer, path: str) -> None:
    """A feed or an icon can have elements of HTML, also scripts."""
    assert server.get(path).headers["content-security-policy"] == SANDBOX


@pytest.mark.settings(readme_images=True)
@pytest.mark.parametrize("path", [path for path, _, media in ADDRESSES if media == HTML])
async def test_only_pages_with_a_description_can_show_images_of_other_hosts(
    proxy: MemoryProxy, path: str
) -> None:
    images = "'self' data: https:" if path in WITH_README else "'self' data:"
    policy = (await proxy.ask(path)).headers["content-security-policy"]
    assert policy == POLICY.replace("'self' data:", images)


async def test_a_warm_page_for_people_costs_no_operation(proxy: MemoryProxy) -> None:
    assert (await proxy.ask("/projects/alpha-pkg/1.0/")).status == 200
    assert proxy.take_operation_count() == 1
    assert (await proxy.ask("/projects/alpha-pkg/1.0/")).status == 200
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(64)
@pytest.mark.parametrize("path", PATHS)
async def test_a_page_that_storage_does_not_send_is_503(proxy: MemoryProxy, path: str) -> None:
    proxy.static.fault(Fault(times=None))
    answer = await proxy.ask(path)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", ["/projects/alpha-pkg/{}/", "/pypi/alpha-pkg/{}/json"])
async def test_an_equal_version_leads_to_the_spelling_of_the_files(
    proxy: MemoryProxy, path: str
) -> None:
    name = "simple/alpha-pkg/index.v1.json"
    proxy.put_page(name, json.dumps({"name": "alpha-pkg", "versions": ["0.9", "2.0.0"]}))
    for spelling in ("2", "2.0", "v2.0.0.0"):
        asked = path.format(spelling)
        answer = await proxy.ask(asked)
        if spelling.startswith("v"):  # first to its normal form
            asked = urljoin(asked, answer.headers["location"])
            answer = await proxy.ask(asked)
        assert answer.status == 301
        assert urljoin(asked, answer.headers["location"]) == path.format("2.0.0")
    for spelling in ("2.0.0", "3.0", "0.9.1", "0.9"):  # without a page, or without a release
        assert (await proxy.ask(path.format(spelling))).status == 404


async def test_two_spellings_without_a_page_never_lead_to_each_other(proxy: MemoryProxy) -> None:
    name = "simple/alpha-pkg/index.v1.json"
    proxy.put_page(name, json.dumps({"name": "alpha-pkg", "versions": ["3.0", "3.0.0"]}))
    answers = [await proxy.ask(f"/projects/alpha-pkg/{v}/") for v in ("3.0", "3.0.0", "3")]
    assert [answer.status for answer in answers] == [404, 404, 301]


async def test_a_release_of_an_unknown_project_is_404(proxy: MemoryProxy) -> None:
    assert (await proxy.ask("/projects/gamma/1.0/")).status == 404


@pytest.mark.conformance(64)
async def test_a_list_of_releases_that_is_not_valid_is_503(proxy: MemoryProxy) -> None:
    proxy.put_page("simple/alpha-pkg/index.v1.json", '{"versions": 1}')
    assert (await proxy.ask("/projects/alpha-pkg/1.0.0/")).status == 503


@pytest.mark.conformance(62)
@pytest.mark.parametrize("path", PATHS)
async def test_a_token_for_publishing_reads_no_page(proxy: MemoryProxy, path: str) -> None:
    answer = await proxy.ask(path, {"authorization": encode_basic(UPLOAD)})
    assert answer.status == 404
    assert proxy.take_operation_count() == 0
