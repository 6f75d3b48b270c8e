"""Grammar of paths: ``proxy.http.paths`` and the routes of ``proxy.app``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import layout, web_layout
from schemas.names import Filename, ProjectName, Version
from testing.memory_proxy import METADATA, TOKEN, MemoryProxy, encode_basic, run
from unit.proxy.test_hostile_full import KEY, RecordingFaults

FOO = ProjectName("foo-bar")
WHEEL = Filename("foo_bar-1.0-py3-none-any.whl")
SDIST = Filename("foo_bar-1.0.tar.gz")
LEGACY_SDIST = Filename("Foo-Bar-1.0-beta.tar.gz")
LOCAL = Filename("foo_bar-1!2.0+cu1-py3-none-any.whl")

NAMED = [
    (b"/", "home"),
    (b"/simple/", "list"),
    (b"/simple/foo-bar/", "page"),
    (b"/%73imple/foo%2Dbar/", "page"),
    (b"/packages/foo_bar-1.0-py3-none-any.whl", WHEEL),
    (b"/packages/foo_bar-1.0.tar.gz", SDIST),
    (b"/packages/Foo-Bar-1.0-beta.tar.gz", LEGACY_SDIST),
    (b"/packages/foo_bar-1!2.0+cu1-py3-none-any.whl", LOCAL),
    (b"/packages/foo_bar-1%212.0%2Bcu1-py3-none-any.whl", LOCAL),
    (b"/packages/foo_bar-1.0-py3-none-any.whl.metadata", METADATA.decode()),
    (b"/pypi/foo-bar/json", "legacy"),
    (b"/projects/foo%2Dbar/", "project"),
    (b"/projects/foo-bar/1!2.0+cu1/", "release"),
    (b"/projects/foo-bar/1%212.0%2Bcu1/", "release"),
    (b"/projects/foo-bar/history/page120.html", "history 120"),
    (b"/projects/page120.html", "projects 120"),
    (b"/search/fo.json", "[]"),
]
MOVED = [
    (b"/simple", "./simple/"),
    (b"/simple/foo-bar", "./foo-bar/"),
    (b"/simple/Foo_Bar", "./foo-bar/"),
    (b"/simple/Foo_Bar/", "../foo-bar/"),
    (b"/simple/foo..bar/", "../foo-bar/"),
    (b"/pypi/Foo.Bar/json", "../foo-bar/json"),
    (b"/pypi/Foo.Bar/V1.0/json", "../../foo-bar/1.0/json"),
    (b"/projects/Foo_Bar", "./foo-bar/"),
    (b"/projects/Foo_Bar/", "../foo-bar/"),
    (b"/projects/foo-bar/v1!2.0+CU.1/", "../1%212.0%2Bcu.1/"),
]
HOSTILE = [
    b"",
    b"*",
    b"simple/",
    b"/simple/foo/bar/",
    b"/simple/../blocked.json",
    b"/simple/%2e%2e/",
    b"/simple/..",
    b"/simple/./",
    b"/simple/foo%2fbar/",
    b"/simple/foo%2Fbar/",
    b"/simple/%252e%252e/",
    b"/simple/foo%252dbar/",
    b"/simple/foo%00/",
    b"/simple/foo%0a/",
    b"/simple/foo\n/",
    b"/simple/foo\x7f/",
    b"/simple/-foo/",
    b"/simple/foo-/",
    b"/simple/foo bar/",
    b"/simple/foo%20/",
    b"/simple/foo%5cbar/",
    b"/simple/f%c3%b6%c3%b6/",
    b"/simple/f\xc3\xb6\xc3\xb6/",
    "/simple/K/".replace("K", "%e2%84%aa").encode(),
    b"/simple/%zz/",
    b"/simple/%/",
    b"/simple/foo/index.v1.json",
    b"/SIMPLE/",
    b"/blocked.json",
    b"/packages/",
    b"/packages",
    b"/packages/..",
    b"/packages/%2e%2e%2fblocked.json",
    b"/packages/foo_bar-1.0-py3-none-any.whl/",
    b"/packages/foo_bar-1.0-py3-none-any.whl.metadata.metadata",
    b"/packages/foo_bar-1.0-py3-none-any.whl%00",
    b"/packages/foo_bar-1.0-py3-none-any.whl%0a",
    b"/packages/foo_bar-1.0-py3-none-any.whl%252e",
    b"/packages/foo%2fbar-1.0-py3-none-any.whl",
    b"/packages/.metadata",
    b"/packages/secret.json",
    b"/packages/foo_bar-1.0-py3-none-any.whl.asc",
    b"/packages/" + b"a" * 300 + b"-1.0-py3-none-any.whl",
    b"/pypi/foo-bar/json%0a",
    b"/pypi/foo-bar/1.x/json",
    b"/pypi//json",
    b"/projects/page0.html",
    b"/projects/page01.html",
    b"/projects/page1.html%0a",
    b"/projects/page99999999.html",
    b"/projects/page%d9%a1.html",
    b"/projects/-foo/",
    b"/projects/%2e%2e/",
    b"/projects/foo-bar/%2e%2e/",
    b"/projects/foo-bar/1.0%2f../",
    b"/projects/foo-bar/%20/",
    b"/projects/foo-bar/1.0%0a/",
    b"/projects/foo-bar/index.v1.json",
    b"/projects/foo-bar/history/page0.html",
    b"/projects/foo-bar/history/1/",
    b"/projects.json",
    b"/search/.json",
    b"/search/-a.json",
    b"/search/abc.json",
    b"/search/A.json",
    b"/search/..json",
    b"/search/%2e%2e.json",
    b"/search/a.json%0a",
    b"/static/0123456789abcdef/",
    b"/static/0123456789abcde/style.css",
    b"/static/0123456789ABCDEF/style.css",
    b"/static/0123456789abcdef/style.html",
    b"/static/0123456789abcdef/..css",
    b"/static/0123456789abcdef/.css",
    b"/static/0123456789abcdef/a%2fb.css",
    b"/static/0123456789abcdef/style.css%0a",
    b"/static/../blocked.json",
    b"/changelog/",
    b"/health/",
]
NOT_EXACT = [b"/health%0a", b"/ready%0a", b"/%68ealth", b"/health\n", b"/health/", b"//health"]


@pytest.fixture(scope="module")
def proxy() -> MemoryProxy:
    proxy = MemoryProxy()
    pages = {
        layout.HOME: "home",
        layout.ROOT_HTML: "list",
        layout.locate_project_html(FOO): "page",
        layout.locate_legacy_json(FOO): "legacy",
        web_layout.locate_web_page(FOO): "project",
        web_layout.locate_release_page(FOO, Version("1!2.0+cu1")): "release",
        web_layout.locate_history_page(FOO, 120): "history 120",
        web_layout.locate_project_list(120): "projects 120",
        web_layout.locate_search_shard("fo"): "[]",
    }
    for name, text in pages.items():
        proxy.put_page(name, text)
    for filename in (WHEEL, SDIST, LEGACY_SDIST, LOCAL):
        proxy.put_file(filename, filename.encode())
    proxy.packages.put(layout.locate_core_metadata(WHEEL), METADATA)
    return proxy


def decode_path(path: bytes) -> str:
    return path.decode("latin-1")


@pytest.mark.conformance(1, 10)
@pytest.mark.parametrize(("path", "body"), NAMED)
async def test_a_path_is_decoded_once(proxy: MemoryProxy, path: bytes, body: str) -> None:
    answer = await proxy.ask(decode_path(path))
    assert (answer.status, answer.body.decode()) == (200, body)


@pytest.mark.conformance(2, 3)
@pytest.mark.parametrize(("path", "location"), MOVED)
async def test_another_spelling_is_redirected_in_one_hop(
    proxy: MemoryProxy, path: bytes, location: str
) -> None:
    answer = await proxy.ask(decode_path(path))
    assert (answer.status, answer.headers["location"]) == (301, location)
    answer = await proxy.ask(f"{decode_path(path)}?format=a%20b")
    assert (answer.status, answer.headers["location"]) == (301, f"{location}?format=a%20b")


@pytest.mark.conformance(5)
@pytest.mark.parametrize("path", HOSTILE)
async def test_a_path_outside_the_grammar_names_nothing(proxy: MemoryProxy, path: bytes) -> None:
    proxy.take_operation_count()
    answer = await proxy.ask(decode_path(path))
    assert (answer.status, answer.body) == (404, b"Not found.\n")
    assert proxy.take_operation_count() == 0


@pytest.mark.conformance(5)
@pytest.mark.parametrize("path", NOT_EXACT)
async def test_a_probe_answers_at_its_exact_path_only(proxy: MemoryProxy, path: bytes) -> None:
    for authorization, status in (("", 401), (encode_basic(TOKEN), 404)):
        assert (
            await proxy.ask(decode_path(path), {"authorization": authorization})
        ).status == status


@pytest.mark.conformance(5)
@given(
    st.binary(max_size=60)
    | st.from_regex(rb"/(simple|packages|pypi|projects|search|static)/.{0,40}", fullmatch=True)
)
def test_no_path_forms_a_key_with_a_slash_or_a_dot_segment_in_a_name(path: bytes) -> None:
    proxy = MemoryProxy()
    proxy.storage.faults = recorded = RecordingFaults()
    run(proxy.ask(decode_path(path.replace(b"?", b""))))
    assert [key for key in recorded.keys if not KEY.fullmatch(key)] == []
