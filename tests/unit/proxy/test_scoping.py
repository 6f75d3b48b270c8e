"""What a scoped token sees of the pages for people: ``proxy.index.scoping``."""

import asyncio
import json

import pytest

from proxy.index.cache import NEWEST_INTERVAL
from proxy.index.representations import Key
from proxy.index.scoping import scope_list
from testing.memory_proxy import (
    NARROW,
    TOKENS,
    MemoryProxy,
    ProxyResponse,
    encode_basic,
    make_entry,
)
from testing.storage import Fault
from unit.proxy.conftest import ProxyServer

NARROWED = {"authorization": encode_basic(NARROW)}
ARRAYS = ["search.json", "recent.json", "changes.json", "search/al.json"]
BETA = [
    "/projects/beta/",
    "/projects/beta/1.0/",
    "/projects/beta/1.0.0/",
    "/projects/beta/releases.json",
    "/projects/beta/releases/",
    "/projects/beta/history/",
    "/projects/beta/history/page2.html",
    "/projects/beta/feed.xml",
    "/pypi/beta/json",
    "/pypi/beta/1.0/json",
]
WHOLE = ["/feed.xml", "/totals.json", "/projects/page1.html", "/projects/page2.html"]


def ask_narrow(proxy: MemoryProxy, path: str, **fields: str) -> "asyncio.Future[ProxyResponse]":
    return asyncio.ensure_future(proxy.ask(path, {**NARROWED, **fields}))


@pytest.mark.conformance(62)
@pytest.mark.parametrize("path", [*BETA, *WHOLE])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_page_out_of_scope_is_404_without_a_read(
    proxy: MemoryProxy, path: str, method: str
) -> None:
    answer = await proxy.ask(path, NARROWED, method)
    absent = await proxy.ask(path.replace("beta", "gamma"), NARROWED, method)
    assert (answer.status, answer) == (404, absent)
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(62)
@pytest.mark.parametrize("path", ["/", "/search/", "/changes/", "/projects/alpha-pkg/"])
async def test_a_scoped_token_reads_the_shells_and_its_own_projects(
    proxy: MemoryProxy, path: str
) -> None:
    assert await ask_narrow(proxy, path) == await proxy.ask(path)


@pytest.mark.conformance(17, 62)
@pytest.mark.parametrize("name", ARRAYS)
async def test_an_array_has_only_the_items_of_the_token(proxy: MemoryProxy, name: str) -> None:
    own = {"project": "alpha-pkg", "summary": "é\u2028<", "new": [{"key": 1.5}], "none": None}
    proxy.put_page(name, json.dumps([own, {"project": "alto"}, {"project": "beta"}, own]))
    narrow, whole = await ask_narrow(proxy, f"/{name}"), await proxy.ask(f"/{name}")
    assert json.loads(narrow.body) == [own, own]
    assert len(json.loads(whole.body)) == 4
    assert narrow.headers["vary"] == whole.headers["vary"] == "Accept-Encoding, Authorization"
    assert narrow.headers["etag"] != whole.headers["etag"]
    assert narrow.headers["content-type"] == "application/json"
    known = await ask_narrow(proxy, f"/{name}", **{"if-none-match": narrow.headers["etag"]})
    assert (known.status, known.headers["vary"]) == (304, "Accept-Encoding, Authorization")


async def test_a_part_of_an_array_is_harmless_as_html(proxy: MemoryProxy) -> None:
    own = {"project": "alpha-pkg", "summary": "</script><b>&\u2028\u2029"}
    proxy.put_page("search.json", json.dumps([own]))
    answer = await ask_narrow(proxy, "/search.json")
    assert json.loads(answer.body) == [own]
    assert [each for each in "<>&\u2028\u2029" if each in answer.body.decode()] == []


@pytest.mark.conformance(62)
async def test_an_array_without_an_item_of_the_token_is_empty(proxy: MemoryProxy) -> None:
    proxy.put_page("search.json", '[{"project":"beta"}]')
    answer = await ask_narrow(proxy, "/search.json")
    assert (answer.status, answer.body) == (200, b"[]")


@pytest.mark.conformance(62)
async def test_a_shard_of_other_projects_is_absent_for_the_token(proxy: MemoryProxy) -> None:
    """Otherwise a token learns the first letters of the names of all projects."""
    other, absent = (
        await ask_narrow(proxy, "/search/be.json"),
        await ask_narrow(proxy, "/search/zz.json"),
    )
    assert (other.status, other) == (404, absent)
    assert (await proxy.ask("/search/be.json")).status == 200


@pytest.mark.conformance(62)
async def test_the_list_of_projects_for_people_has_only_those_of_the_token(
    proxy: MemoryProxy,
) -> None:
    projects = [{"name": "alpha-pkg"}, {"name": "Alpha.Two"}, {"name": "beta"}]
    proxy.put_page("simple/index.v1.json", json.dumps({"meta": {}, "projects": projects}))
    narrow, whole = await ask_narrow(proxy, "/projects/"), await proxy.ask("/projects/")
    page = narrow.body.decode()
    assert '<li><a href="alpha-pkg/">alpha-pkg</a></li>' in page
    assert '<li><a href="alpha-two/">Alpha.Two</a></li>' in page
    assert "2 projects" in page
    assert "beta" not in page
    assert '<a href="../">Home page</a>' in page
    assert narrow.headers["content-type"] == whole.headers["content-type"]
    assert narrow.headers["vary"] == whole.headers["vary"] == "Accept-Encoding, Authorization"
    assert narrow.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha256-"
    )


async def test_the_list_for_people_counts_one_project_in_the_singular(proxy: MemoryProxy) -> None:
    assert (
        b"<p>1 project that your token can read.</p>"
        in (await ask_narrow(proxy, "/projects/")).body
    )


@pytest.mark.conformance(64)
@pytest.mark.parametrize(
    "array",
    [
        "",
        "{",
        "{}",
        "null",
        '"a"',
        "[1]",
        "[null]",
        '[["project"]]',
        "[{}]",
        '[{"project":1}]',
        '[{"project":"alpha-pkg"},{"project":"-"}]',
        '[{"project":"alpha-pkg","x":NaN}]',
        '[{"project":"alpha-pkg"}]]',
        '[{"project":"alpha-pkg","x":"\\ud800"}]',
        "[" * 5000,
    ],
)
@pytest.mark.parametrize("name", ARRAYS)
async def test_a_malformed_array_is_503_for_a_scoped_token(
    proxy: MemoryProxy, name: str, array: str
) -> None:
    proxy.put_page(name, array)
    answer = await ask_narrow(proxy, f"/{name}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


@pytest.mark.conformance(64)
@pytest.mark.parametrize("path", ["/simple/", "/projects/"])
@pytest.mark.parametrize("projects", ['[{"name":"-"}]', '[{"name":1}]', "{}"])
async def test_a_malformed_list_of_projects_is_503_for_a_scoped_token(
    proxy: MemoryProxy, path: str, projects: str
) -> None:
    proxy.put_page("simple/index.v1.json", f'{{"meta":{{}},"projects":{projects}}}')
    assert (await ask_narrow(proxy, path)).status == 503


async def test_an_array_is_filtered_once_per_version_and_projects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = MemoryProxy()
    same = make_entry("twin", "twin", projects=["alpha-*", "Alpha_*"])
    proxy.tokens = json.dumps({"tokens": [*TOKENS, same]}).encode()
    made: list[str] = []

    def count_and_scope(whole: bytes, key: Key, globs: tuple[str, ...]) -> bytes:
        made.append(key.name)
        return scope_list(whole, key, globs)

    monkeypatch.setattr("proxy.index.static_pages.scope_list", count_and_scope)
    answers = await asyncio.gather(*(ask_narrow(proxy, "/search.json") for _ in range(6)))
    twin = await proxy.ask("/search.json", {"authorization": encode_basic("twin")})
    assert [answer for answer in answers if answer != twin] == []
    proxy.clock.now += 100
    await ask_narrow(proxy, "/search.json")
    assert made == ["search.json"]
    proxy.put_page("search.json", '[{"project":"alpha-new"}]')
    proxy.clock.now += 100
    assert (await ask_narrow(proxy, "/search.json")).body == b'[{"project":"alpha-new"}]'
    assert made == ["search.json"] * 2


async def test_a_client_that_wants_the_newest_part_gets_it(proxy: MemoryProxy) -> None:
    await ask_narrow(proxy, "/search.json")
    proxy.put_page("search.json", '[{"project":"alpha-new"}]')
    proxy.clock.now += NEWEST_INTERVAL
    answer = await ask_narrow(proxy, "/search.json", **{"cache-control": "no-cache"})
    assert answer.body == b'[{"project":"alpha-new"}]'


async def test_the_whole_array_and_its_parts_share_one_read(proxy: MemoryProxy) -> None:
    await ask_narrow(proxy, "/search.json")
    await proxy.ask("/search.json")
    assert proxy.take_operation_count() == 1


async def test_parts_count_for_the_size_of_the_cache() -> None:
    """A small cache evicts them, and each request still gets its part."""
    proxy = MemoryProxy(cache_bytes=30_000)
    items = [{"project": f"alpha-{number}", "summary": "x" * 50} for number in range(300)]
    proxy.put_page("search.json", json.dumps(items))
    for number in range(20):
        token = f"gcpypi_{number}"
        entry = make_entry(token, token, projects=[f"alpha-{number}", f"none-{number}"])
        proxy.tokens = json.dumps({"tokens": [entry]}).encode()
        proxy.clock.now += 61
        answer = await proxy.ask("/search.json", {"authorization": encode_basic(token)})
        assert [item["project"] for item in json.loads(answer.body)] == [f"alpha-{number}"]


@pytest.mark.conformance(64)
async def test_a_part_is_served_stale_while_storage_fails(proxy: MemoryProxy) -> None:
    first = await ask_narrow(proxy, "/search.json")
    proxy.static.fault(Fault(times=None))
    proxy.clock.now += 10
    assert await ask_narrow(proxy, "/search.json") == first
    proxy.clock.now += 3601
    assert (await ask_narrow(proxy, "/search.json")).status == 503


@pytest.mark.conformance(46, 62)
def test_a_part_is_answered_over_http(server: ProxyServer) -> None:
    fields = {"Authorization": encode_basic(NARROW)}
    got, head = server.get("/search.json", fields), server.head("/search.json", fields)
    assert json.loads(got.body) == [{"project": "alpha-pkg", "summary": "one"}]
    assert (head.status, head.headers["content-length"]) == (200, str(len(got.body)))
