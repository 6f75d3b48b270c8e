"""Pages in gzip: ``proxy.index.compression`` and the choice of a coding in ``proxy.http``."""

import asyncio
import gzip
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from proxy.http.negotiation import prefers_gzip
from proxy.index.cache import ENTRY_SIZE
from proxy.index.compression import LARGE as IN_THREAD
from proxy.index.compression import SMALLEST, compress_page
from testing.memory_proxy import (
    JSON,
    LARGE,
    NARROW,
    PAGES_FOR_PEOPLE,
    SDIST,
    WHEEL,
    AsgiRequest,
    MemoryProxy,
    encode_basic,
)
from unit.proxy.conftest import ProxyServer, serve

PAGE = "/simple/alpha-pkg/"
PAGES = ["/", "/simple/", PAGE, "/pypi/alpha-pkg/json", "/projects/alpha-pkg/", "/feed.xml",
         "/search.json", "/static/0123456789abcdef/style.css"]  # fmt: skip
FILES = [f"/packages/{WHEEL}", f"/packages/{LARGE}", f"/packages/{SDIST}",
         f"/packages/{WHEEL}.metadata"]  # fmt: skip
LONG_METADATA = b"Metadata-Version: 2.4\n" + b"Classifier: Any\n" * 1000
GZIP = {"Accept-Encoding": "gzip, deflate"}


def make_page(name: str, length: int = 5000) -> str:
    """Return a compressible page."""
    line = json.dumps({"filename": name}) + "\n"
    return line * (length // len(line) + 1)


def fill(proxy: MemoryProxy) -> MemoryProxy:
    """Replace all pages and METADATA by longer ones."""
    for name in ("simple/index.html", *PAGES_FOR_PEOPLE):
        proxy.put_page(name, make_page(name))
    for name in ("index.html", "index.v1.json"):
        proxy.put_page(f"simple/alpha-pkg/{name}", make_page(name))
    projects = [{"name": f"alpha-{number}"} for number in range(200)]
    root = {"meta": {"api-version": "1.4"}, "projects": projects}
    proxy.put_page("simple/index.v1.json", json.dumps(root))
    proxy.packages.put(f"{WHEEL}.metadata", LONG_METADATA)
    return proxy


@pytest.fixture(scope="module")
def long_pages() -> Iterator[ProxyServer]:
    with serve(fill(MemoryProxy())) as server:
        yield server


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate", True),
        ("gzip, deflate, zstd", True),
        ("zstd,gzip,deflate", True),
        ("gzip, deflate, br", True),
        ("GZip", True),
        ("x-gzip", True),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", True),
        ("gzip ; q=0.5", True),
        ("gzip;q=0.001", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("*;q=0.1", True),
        ("identity;q=0, gzip", True),
        ("identity;q=0, *", True),
        ("identity, gzip", True),
        ("gzip;q=x, gzip", True),
        ("", False),
        ("identity", False),
        ("Identity", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("gzip; Q=0.000", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity, gzip;q=0.5", False),
        ("identity, *;q=0.5", False),
        ("identity;q=0", False),
        ("gzip;q=x", False),
        ("gzip2, notgzip", False),
        (";,;q=1,,", False),
    ],
)
def test_gzip_is_for_clients_that_accept_it(field: str, expected: bool) -> None:
    assert prefers_gzip(field) is expected


@pytest.mark.conformance(46)
@pytest.mark.parametrize("target", PAGES)
def test_a_page_is_gzipped_for_clients_that_accept_it(long_pages: ProxyServer, target: str) -> None:
    plain, coded = long_pages.get(target), long_pages.get(target, GZIP)
    assert gzip.decompress(coded.body) == plain.body
    assert coded.headers["content-encoding"] == "gzip"
    assert coded.headers["content-length"] == str(len(coded.body))
    assert "content-encoding" not in plain.headers
    same = {"content-type", "cache-control", "vary", "accept-ranges", "content-security-policy"}
    assert {name: coded.headers.get(name) for name in same} == {
        name: plain.headers.get(name) for name in same
    }


@pytest.mark.conformance(17)
@pytest.mark.parametrize(
    ("target", "vary"),
    [
        ("/", "Accept-Encoding"),
        ("/projects/alpha-pkg/", "Accept-Encoding"),
        ("/static/0123456789abcdef/style.css", "Accept-Encoding"),
        ("/search.json", "Accept-Encoding, Authorization"),
        ("/projects/", "Accept-Encoding, Authorization"),
        ("/pypi/alpha-pkg/json", "Accept-Encoding"),
        (PAGE, "Accept, Accept-Encoding"),
        ("/simple/", "Accept, Accept-Encoding, Authorization"),
    ],
)
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_page_varies_by_accept_encoding(
    long_pages: ProxyServer, target: str, vary: str, coding: str
) -> None:
    first = long_pages.get(target, {"Accept-Encoding": coding})
    known = {"Accept-Encoding": coding, "If-None-Match": first.headers["etag"]}
    again = long_pages.get(target, known)
    assert (first.status, first.headers["vary"]) == (200, vary)
    assert (again.status, again.headers["vary"]) == (304, vary)


@pytest.mark.conformance(18)
@pytest.mark.parametrize("target", PAGES)
def test_each_coding_has_its_own_strong_tag(long_pages: ProxyServer, target: str) -> None:
    plain, coded = long_pages.get(target), long_pages.get(target, GZIP)
    tags = [plain.headers["etag"], coded.headers["etag"]]
    assert len(set(tags)) == 2
    assert [tag for tag in tags if tag.startswith("W/")] == []
    answers = [
        long_pages.get(target, {**fields, "If-None-Match": tag})
        for fields in ({}, GZIP)
        for tag in tags
    ]
    assert [answer.status for answer in answers] == [304, 200, 200, 304]
    assert [answer.body for answer in answers] == [b"", plain.body, coded.body, b""]


@pytest.mark.conformance(51)
@pytest.mark.parametrize("target", PAGES)
def test_head_of_a_gzipped_page_is_get_without_a_body(long_pages: ProxyServer, target: str) -> None:
    got, head = long_pages.get(target, GZIP), long_pages.head(target, GZIP)
    assert (head.status, head.body) == (200, b"")
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


@pytest.mark.conformance(49)
def test_a_range_is_of_the_gzipped_page(long_pages: ProxyServer) -> None:
    whole = long_pages.get(PAGE, GZIP)
    part = long_pages.get(PAGE, {**GZIP, "Range": "bytes=10-", "If-Range": whole.headers["etag"]})
    size = len(whole.body)
    assert (part.status, part.body) == (206, whole.body[10:])
    assert part.headers["content-range"] == f"bytes 10-{size - 1}/{size}"
    assert part.headers["content-encoding"] == "gzip"
    assert part.headers["etag"] == whole.headers["etag"]


@pytest.mark.conformance(49)
def test_a_range_of_the_other_coding_is_the_whole(long_pages: ProxyServer) -> None:
    whole, plain = long_pages.get(PAGE, GZIP), long_pages.get(PAGE)
    tag = plain.headers["etag"]
    answer = long_pages.get(PAGE, {**GZIP, "Range": "bytes=10-", "If-Range": tag})
    assert (answer.status, answer.body) == (200, whole.body)


@pytest.mark.conformance(46)
@pytest.mark.parametrize("target", FILES)
@pytest.mark.parametrize("coding", ["gzip, deflate", "*", "identity;q=0, gzip", "zstd,gzip"])
def test_files_are_never_encoded(long_pages: ProxyServer, target: str, coding: str) -> None:
    coded, plain = long_pages.get(target, {"Accept-Encoding": coding}), long_pages.get(target)
    assert coded.body == plain.body
    assert {**coded.headers, "date": ""} == {**plain.headers, "date": ""}
    assert {"content-encoding", "vary"} & coded.headers.keys() == set()


async def test_a_page_that_gzip_does_not_make_smaller_stays_plain() -> None:
    noise = random.Random(1).randbytes(4 * SMALLEST)  # noqa: S311 - not secret
    small, least = b"a" * (SMALLEST - 1), b"a" * SMALLEST
    assert [await compress_page(body) for body in (b"", small, noise)] == [None] * 3
    compressed = await compress_page(least)
    assert compressed is not None
    assert gzip.decompress(compressed) == least


async def test_a_small_page_has_one_representation(proxy: MemoryProxy) -> None:
    plain, other = await proxy.ask(PAGE), await proxy.ask(PAGE, GZIP)
    assert plain == other
    assert other.headers["vary"] == "Accept, Accept-Encoding"


async def request_body(proxy: MemoryProxy) -> bytes:
    """Return the bytes object that the application sends for a gzipped page."""
    fields = {"authorization": encode_basic(), "accept": JSON, "accept-encoding": "gzip"}
    client = AsgiRequest(PAGE, fields)
    await proxy.app(client.scope, client.receive, client.send)
    body: bytes = client.sent[1]["body"]
    return body


async def test_a_page_is_compressed_once_per_version(proxy: MemoryProxy) -> None:
    fill(proxy)
    first, *others = await asyncio.gather(*(request_body(proxy) for _ in range(5)))
    proxy.clock.now += 100
    others.append(await request_body(proxy))  # revalidated, and unchanged
    assert [body for body in others if body is not first] == []
    proxy.put_page("simple/alpha-pkg/index.v1.json", make_page("newer"))
    proxy.clock.now += 100
    assert gzip.decompress(await request_body(proxy)) == make_page("newer").encode()


async def test_equal_pages_of_two_instances_have_equal_tags() -> None:
    answers = [await fill(MemoryProxy()).ask(PAGE, GZIP) for _ in range(2)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(("length", "threads"), [(IN_THREAD - 1, 0), (IN_THREAD, 1)])
async def test_a_large_page_is_compressed_in_a_thread(
    monkeypatch: pytest.MonkeyPatch, length: int, threads: int
) -> None:
    begun: list[object] = []

    async def run_here(function: Callable[..., bytes], *given: Any) -> bytes:  # noqa: ANN401
        begun.append(function)
        return function(*given)

    monkeypatch.setattr(asyncio, "to_thread", run_here)
    await compress_page(b"a" * length)
    assert len(begun) == threads


@pytest.mark.parametrize(("spare", "operations"), [(0, 1), (-1, 2)])
async def test_both_forms_count_for_the_size_of_the_cache(spare: int, operations: int) -> None:
    page = make_page("index.html")
    compressed = await compress_page(page.encode())
    assert compressed is not None
    proxy = fill(MemoryProxy(cache_bytes=ENTRY_SIZE + len(page) + len(compressed) + spare))
    for _ in range(2):
        await proxy.ask(PAGE, GZIP)
    assert proxy.take_operation_count() == operations


@pytest.mark.conformance(62)
@pytest.mark.parametrize("accept", [JSON, "text/html"])
async def test_a_scoped_list_is_gzipped(proxy: MemoryProxy, accept: str) -> None:
    narrow = {"authorization": encode_basic(NARROW), "accept": accept}
    fill(proxy)
    plain = await proxy.ask("/simple/", narrow)
    coded = await proxy.ask("/simple/", {**narrow, **GZIP})
    assert gzip.decompress(coded.body) == plain.body
    assert coded.headers["vary"] == "Accept, Accept-Encoding, Authorization"
