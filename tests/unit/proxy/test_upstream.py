"""Tests of ``proxy.index.upstream``: redirected and refused projects."""

import pytest
from pydantic import ValidationError

from proxy.settings import Settings
from testing.memory_proxy import JSON, NARROW, UPLOAD, MemoryProxy, ProxyResponse, encode_basic
from testing.storage import Fault

UPSTREAM = "https://index.example/simple/"
NAMES = {"gcp_project": "p", "static_bucket": "s", "packages_bucket": "p", "tokens_secret": "t"}

pytestmark = pytest.mark.settings(upstream_index_url=UPSTREAM, private_names=["Acme_*", "alpha.*"])


async def ask(proxy: MemoryProxy, path: str, accept: str = "*/*", **more: str) -> ProxyResponse:
    return await proxy.ask(path, {"accept": accept, **more})


@pytest.mark.parametrize("accept", ["*/*", JSON])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unknown_projects_page_is_sent_to_the_upstream_page(
    proxy: MemoryProxy, accept: str, method: str
) -> None:
    answer = await proxy.ask("/simple/requests/", {"accept": accept}, method)
    assert (answer.status, answer.headers["location"]) == (302, f"{UPSTREAM}requests/")
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/simple/acme-tool/",  # private
        "/simple/alpha-unknown/",
        "/pypi/requests/json",  # no page of the index
        "/packages/requests-1.0-py3-none-any.whl",
        "/packages/requests-1.0-py3-none-any.whl.metadata",
        "/projects/requests/",
        "/projects/requests/1.0/",
        "/projects/requests/feed.xml",
        "/search/re.json",
        "/nothing",
    ],
)
async def test_no_other_path_is_redirected_upstream(proxy: MemoryProxy, path: str) -> None:
    assert (await ask(proxy, path)).status == 404


async def test_a_name_is_normalised_before_it_is_sent_upstream(proxy: MemoryProxy) -> None:
    assert (await ask(proxy, "/simple/Acme.Tool/")).headers["location"] == "../acme-tool/"


@pytest.mark.conformance(62)
@pytest.mark.parametrize("accept", ["*/*", JSON])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unknown_project_is_redirected_upstream_for_a_scoped_token(
    proxy: MemoryProxy, accept: str, method: str
) -> None:
    fields = {"accept": accept, "authorization": encode_basic(NARROW)}
    answer = await proxy.ask("/simple/requests/", fields, method)
    assert (answer.status, answer.headers["location"]) == (302, f"{UPSTREAM}requests/")
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.conformance(62)
@pytest.mark.parametrize(
    "path",
    [
        "/simple/beta/",  # in this index, out of the scope
        "/simple/half/",  # with one of its two pages
        "/simple/hidden/",  # in blocked.json only
        "/simple/acme-tool/",  # private
        "/pypi/requests/json",
        "/packages/requests-1.0-py3-none-any.whl",
    ],
)
async def test_a_project_of_this_index_is_404_for_a_token_without_it(
    proxy: MemoryProxy, path: str
) -> None:
    proxy.put_page("simple/half/index.v1.json", "{}")
    proxy.block(hidden={"quarantined": True})
    assert (await ask(proxy, path, authorization=encode_basic(NARROW))).status == 404


async def test_a_token_without_the_read_scope_is_not_redirected_upstream(
    proxy: MemoryProxy,
) -> None:
    assert (await ask(proxy, "/simple/requests/", authorization=encode_basic(UPLOAD))).status == 404


async def test_a_fault_during_the_checks_is_503_for_a_scoped_token(proxy: MemoryProxy) -> None:
    proxy.static.fault(Fault(name="simple/requests/index.html", status=503, times=None))
    assert (await ask(proxy, "/simple/requests/", authorization=encode_basic(NARROW))).status == 503


@pytest.mark.conformance(62)
async def test_without_an_upstream_a_project_out_of_scope_is_404() -> None:
    narrow = {"authorization": encode_basic(NARROW)}
    answers = [await MemoryProxy().ask(f"/simple/{name}/", narrow) for name in ("beta", "requests")]
    assert [answer.status for answer in answers] == [404, 404]


async def test_no_request_without_a_token_is_redirected_upstream(proxy: MemoryProxy) -> None:
    assert (await ask(proxy, "/simple/requests/", authorization="")).status == 401


@pytest.mark.parametrize("page", ["index.html", "index.v1.json"])
@pytest.mark.parametrize("accept", ["text/html", JSON])
async def test_a_project_with_one_page_is_not_redirected_upstream(
    proxy: MemoryProxy, page: str, accept: str
) -> None:
    proxy.put_page(f"simple/half/{page}", "{}")
    answer = await ask(proxy, "/simple/half/", accept)
    assert answer.status == (200 if (page == "index.html") == (accept == "text/html") else 404)


async def test_a_project_with_a_cached_absence_is_not_redirected_after_its_publication(
    proxy: MemoryProxy,
) -> None:
    assert (await proxy.ask("/simple/new/")).status == 302
    proxy.put_page("simple/new/index.html", "here")
    assert (await proxy.ask("/simple/new/")).status == 404
    proxy.clock.now += 2
    assert (await proxy.ask("/simple/new/")).status == 200


@pytest.mark.parametrize("facts", [{"quarantined": True}, {"filenames": []}])
async def test_a_project_in_blocked_json_is_not_redirected_upstream(
    proxy: MemoryProxy, facts: dict[str, object]
) -> None:
    proxy.block(strange=facts)
    assert (await ask(proxy, "/simple/strange/")).status == 404


@pytest.mark.parametrize(
    "doubtful", ["blocked.json", "simple/requests/index.html", "simple/requests/index.v1.json"]
)
@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_fault_during_the_checks_is_503(
    proxy: MemoryProxy, doubtful: str, status: int
) -> None:
    proxy.static.fault(Fault(name=doubtful, status=status, times=None))
    assert (await ask(proxy, "/simple/requests/")).status == 503


async def test_without_an_upstream_an_unknown_project_is_404() -> None:
    assert (await ask(MemoryProxy(), "/simple/requests/")).status == 404


@pytest.mark.parametrize("url", ["https://index.example/simple", UPSTREAM])
def test_the_upstream_url_ends_in_a_slash(url: str) -> None:
    chosen = Settings.model_validate(
        {**NAMES, "upstream_index_url": url, "private_names": ["Acme_*"]}
    )
    assert (chosen.upstream_index_url, chosen.private_names) == (UPSTREAM, ("acme-*",))


@pytest.mark.parametrize("url", ["", None])
def test_an_empty_url_is_no_upstream(url: str | None) -> None:
    assert Settings.model_validate({**NAMES, "upstream_index_url": url}).upstream_index_url is None


@pytest.mark.parametrize(
    "url",
    [
        "index.example/simple/",
        "ftp://index.example/",
        "https:///simple/",
        "https://user:secret@index.example/simple/",
        "https://user@index.example/simple/",
        "https://index.example/simple/?a",
        "https://index.example/simple/#a",
        "https://index.example/\r\nset-cookie: a/",
        "https://index.example/é/",
    ],
)
def test_an_upstream_url_unfit_for_clients_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate({**NAMES, "upstream_index_url": url, "private_names": ["a"]})
    assert [error["loc"] for error in raised.value.errors()] == [("upstream_index_url",)]


def test_an_upstream_without_private_names_is_refused() -> None:
    with pytest.raises(ValidationError, match="required with UPSTREAM_INDEX_URL") as raised:
        Settings.model_validate({**NAMES, "upstream_index_url": UPSTREAM})
    assert [error["loc"] for error in raised.value.errors()] == [("private_names",)]
