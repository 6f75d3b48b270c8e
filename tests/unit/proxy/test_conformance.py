"""Checklist of ``docs/conformance.md`` over real HTTP: sections A, B, E, F and G.

The marker ``conformance`` has the numbers of the items.
"""

import hashlib
import json
from urllib.parse import quote

import pytest

from testing.memory_proxy import (
    HTML,
    JSON,
    LARGE,
    LARGE_BYTES,
    LOCAL,
    METADATA,
    NARROW,
    SDIST,
    TOKEN,
    V1_HTML,
    WHEEL,
    WHEEL_BYTES,
    ProxyResponse,
    encode_basic,
)
from unit.proxy.conftest import ProxyServer

PAGE = "/simple/alpha-pkg/"
FILE = f"/packages/{WHEEL}"
BIG = f"/packages/{LARGE}"
DESCRIPTION = "/.well-known/gcpypi.json"
EVERY_KIND = [
    "/",
    "/simple/",
    PAGE,
    FILE,
    BIG,
    f"{FILE}.metadata",
    "/pypi/alpha-pkg/json",
    "/pypi/alpha-pkg/1.0/json",
    "/projects/alpha-pkg/",
    "/projects/alpha-pkg/1.0/",
    "/search.json",
    "/feed.xml",
    "/static/0123456789abcdef/style.css",
    DESCRIPTION,
]
CHALLENGE = 'Basic realm="gcpypi", charset="UTF-8"'
IMMUTABLE = "private, max-age=31536000, immutable"


@pytest.mark.conformance(1)
def test_the_root_and_a_project_answer_200(server: ProxyServer) -> None:
    assert server.get("/simple/").status == 200
    assert server.get(PAGE).body == b"<p>alpha-pkg</p>"


@pytest.mark.conformance(2, 3, 4)
@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/simple", "./simple/"),
        ("/simple/alpha-pkg", "./alpha-pkg/"),
        ("/simple/Alpha_Pkg/", "../alpha-pkg/"),
        ("/simple/ALPHA.pkg", "./alpha-pkg/"),
        ("/simple/alpha-pkg?format=text/html", "./alpha-pkg/?format=text/html"),
    ],
)
def test_another_spelling_is_redirected_without_scheme_or_host(
    server: ProxyServer, target: str, location: str
) -> None:
    answer = server.get(target, {"X-Forwarded-Proto": "https"})
    assert (answer.status, answer.headers["location"]) == (301, location)


@pytest.mark.conformance(5)
@pytest.mark.parametrize(
    "target",
    ["/simple/-x/", "/simple/%2e%2e/", "/simple/a%2fb/", "/nothing",
     "/packages/..%2fblocked.json", "/blocked.json", "/simple/%2562/"],
)  # fmt: skip
def test_a_path_outside_the_grammar_is_404_and_never_reaches_storage(
    server: ProxyServer, target: str
) -> None:
    server.proxy.take_operation_count()
    assert server.get(target).status == 404
    assert server.proxy.take_operation_count() == 0


@pytest.mark.conformance(6)
@pytest.mark.parametrize(
    "target", ["/simple/unknown/", "/packages/unknown-1.0-py3-none-any.whl", "/pypi/unknown/json"]
)
def test_an_unknown_name_is_404(server: ProxyServer, target: str) -> None:
    assert server.get(target).status == 404


@pytest.mark.conformance(7)
def test_a_quarantined_projects_files_stop_answering(server: ProxyServer) -> None:
    assert server.get("/packages/gone-1.0-py3-none-any.whl").status == 404
    assert server.get("/packages/gone-1.0-py3-none-any.whl.metadata").status == 404


@pytest.mark.conformance(9)
def test_a_file_is_answered_at_its_address_without_a_query_or_a_redirect(
    server: ProxyServer,
) -> None:
    assert server.get(FILE).body == WHEEL_BYTES


@pytest.mark.conformance(10)
@pytest.mark.parametrize("spelling", [LOCAL, quote(LOCAL), quote(LOCAL, safe="!")])
def test_a_file_name_can_be_raw_or_encoded(server: ProxyServer, spelling: str) -> None:
    assert server.get(f"/packages/{spelling}").body == WHEEL_BYTES


@pytest.mark.conformance(11)
def test_the_metadata_is_the_files_sibling(server: ProxyServer) -> None:
    assert server.get(f"{FILE}.metadata").body == METADATA


@pytest.mark.conformance(12)
@pytest.mark.parametrize("accept", ["", "*/*", "text/html", JSON, V1_HTML])
@pytest.mark.parametrize("target", ["/simple/", PAGE])
def test_the_content_type_is_accurate_and_never_that_of_storage(
    server: ProxyServer, target: str, accept: str
) -> None:
    expected = {JSON: JSON, V1_HTML: f"{V1_HTML}; charset=utf-8"}.get(accept, HTML)
    assert server.get(target, {"Accept": accept}).headers["content-type"] == expected


@pytest.mark.conformance(13)
def test_an_absent_accept_is_the_same_as_any_type(server: ProxyServer) -> None:
    assert server.get(PAGE).headers["content-type"] == HTML


@pytest.mark.conformance(13)
def test_latest_is_answered_with_the_concrete_type(server: ProxyServer) -> None:
    answer = server.get(PAGE, {"Accept": "application/vnd.pypi.simple.latest+json"})
    assert answer.headers["content-type"] == JSON


@pytest.mark.conformance(14)
def test_garbage_is_406_with_a_short_body(server: ProxyServer) -> None:
    answer = server.get(PAGE, {"Accept": ";q=\x80,,/"})
    assert (answer.status, answer.headers["vary"]) == (406, "Accept")
    assert 0 < len(answer.body) < 100


@pytest.mark.conformance(15)
@pytest.mark.parametrize(
    ("user_agent", "accept"),
    [
        ("pip", f"{JSON}, {V1_HTML}; q=0.1, text/html; q=0.01"),
        ("uv", f"{JSON}, {V1_HTML};q=0.2, text/html;q=0.01"),
        ("poetry", f"{JSON}, */*;q=0.1"),
        ("pypi-simple", f"{JSON}, {V1_HTML}, text/html;q=0.01"),
    ],
)
def test_each_client_gets_json(server: ProxyServer, user_agent: str, accept: str) -> None:
    answer = server.get(PAGE, {"Accept": accept, "User-Agent": user_agent})
    assert (answer.headers["content-type"], json.loads(answer.body)) == (
        JSON,
        {"name": "alpha-pkg", "versions": ["1.0"]},
    )


@pytest.mark.conformance(16)
def test_the_format_parameter_wins(server: ProxyServer) -> None:
    query = "format=application/vnd.pypi.simple.v1%2Bjson"
    answer = server.get(f"{PAGE}?{query}", {"Accept": "text/html"})
    assert answer.headers["content-type"] == JSON


@pytest.mark.conformance(17)
@pytest.mark.parametrize("accept", [JSON, V1_HTML, "text/html", "image/png"])
def test_negotiated_answers_vary_by_accept(server: ProxyServer, accept: str) -> None:
    answer = server.get(PAGE, {"Accept": accept})
    vary = "Accept" if accept == "image/png" else "Accept, Accept-Encoding"
    assert answer.headers["vary"] == vary
    tag = answer.headers.get("etag", "*")
    again = server.get(PAGE, {"Accept": accept, "If-None-Match": tag})
    assert (again.headers["vary"], again.status) == (vary, 406 if tag == "*" else 304)


@pytest.mark.conformance(17)
def test_the_root_varies_by_authorization_too(server: ProxyServer) -> None:
    assert server.get("/simple/").headers["vary"] == "Accept, Accept-Encoding, Authorization"


@pytest.mark.conformance(18)
def test_each_representation_has_its_own_strong_tag(server: ProxyServer) -> None:
    tags = {a: server.get(PAGE, {"Accept": a}).headers["etag"] for a in (JSON, V1_HTML, HTML)}
    assert len(set(tags.values())) == 3
    assert not any(tag.startswith("W/") for tag in tags.values())
    answer = server.get(PAGE, {"Accept": JSON, "If-None-Match": tags[HTML]})
    assert (answer.status, answer.headers["content-type"]) == (200, JSON)


@pytest.mark.conformance(43)
def test_the_metadata_is_byte_identical(server: ProxyServer) -> None:
    answer = server.get(f"{FILE}.metadata", {"Accept-Encoding": "zstd,gzip,deflate"})
    assert (answer.status, answer.body) == (200, METADATA)
    assert answer.headers["cache-control"] == IMMUTABLE


@pytest.mark.conformance(45)
@pytest.mark.parametrize(("target", "data"), [(FILE, WHEEL_BYTES), (BIG, LARGE_BYTES)])
def test_the_bytes_are_the_objects(server: ProxyServer, target: str, data: bytes) -> None:
    answer = server.get(target)
    assert answer.body == data
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()  # the digest of Cloud Storage
    assert answer.headers["etag"] == f'"{digest}"'


@pytest.mark.conformance(47)
@pytest.mark.parametrize(
    ("target", "media_type"),
    [
        (FILE, "application/octet-stream"),
        (f"{FILE}.metadata", "application/octet-stream"),
        (f"/packages/{SDIST}", "application/gzip"),
    ],
)
def test_files_have_their_media_types_and_no_other_name(
    server: ProxyServer, target: str, media_type: str
) -> None:
    answer = server.get(target)
    assert answer.headers["content-type"] == media_type
    assert "content-disposition" not in answer.headers


@pytest.mark.conformance(48, 50, 51)
@pytest.mark.parametrize("target", EVERY_KIND)
def test_head_is_get_without_a_body(server: ProxyServer, target: str) -> None:
    got, head = server.get(target), server.head(target)
    ours = {name: value for name, value in got.headers.items() if name != "date"}
    assert (head.status, head.body) == (200, b"")
    assert {name: value for name, value in head.headers.items() if name != "date"} == ours
    assert got.headers["content-length"] == str(len(got.body))


@pytest.mark.conformance(49)
@pytest.mark.parametrize(("target", "data"), [(FILE, WHEEL_BYTES), (BIG, LARGE_BYTES)])
@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-299", slice(100, 300)),
        ("bytes=-10000", slice(-10000, None)),
        ("bytes=9000-", slice(9000, None)),
        ("bytes=9000-99999999", slice(9000, None)),
    ],
)
def test_a_range_is_206_with_exact_fields(
    server: ProxyServer, target: str, data: bytes, wanted: str, part: slice
) -> None:
    answer = server.get(target, {"Range": wanted})
    start, stop, _ = part.indices(len(data))
    assert (answer.status, answer.body) == (206, data[part])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(data)}"
    assert answer.headers["content-length"] == str(stop - start)
    assert answer.headers["accept-ranges"] == "bytes"


@pytest.mark.conformance(49)
def test_a_resumed_download_is_guarded_by_if_range(server: ProxyServer) -> None:
    tag = server.head(FILE).headers["etag"]
    resumed = server.get(FILE, {"Range": "bytes=5000-", "If-Range": tag})
    assert (resumed.status, resumed.body) == (206, WHEEL_BYTES[5000:])
    other = server.get(FILE, {"Range": "bytes=5000-", "If-Range": '"other"'})
    assert (other.status, other.body) == (200, WHEEL_BYTES)


@pytest.mark.conformance(49)
def test_a_range_past_the_end_is_416(server: ProxyServer) -> None:
    answer = server.get(FILE, {"Range": "bytes=99999999-"})
    assert answer.status == 416
    assert answer.headers["content-range"] == f"bytes */{len(WHEEL_BYTES)}"


@pytest.mark.conformance(49)
def test_head_ignores_a_range(server: ProxyServer) -> None:
    answer = server.head(FILE, {"Range": "bytes=0-0"})
    assert (answer.status, answer.headers["content-length"]) == (200, str(len(WHEEL_BYTES)))


@pytest.mark.conformance(52, 53)
@pytest.mark.parametrize("target", EVERY_KIND)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_known_tag_is_304_without_a_body(server: ProxyServer, target: str, method: str) -> None:
    first = server.get(target)
    known = {"Authorization": encode_basic(), "If-None-Match": f'"x", {first.headers["etag"]}'}
    answer = server.raw(method, target, known)
    assert (answer.status, answer.body) == (304, b"")
    for name in ("etag", "cache-control", "vary"):
        assert answer.headers.get(name) == first.headers.get(name)
    assert "content-type" not in answer.headers


@pytest.mark.conformance(54)
@pytest.mark.parametrize("target", ["/", "/simple/", PAGE, "/pypi/alpha-pkg/json", DESCRIPTION])
def test_pages_are_kept_but_always_revalidated(server: ProxyServer, target: str) -> None:
    assert server.get(target).headers["cache-control"] == "private, no-cache"


@pytest.mark.conformance(55, 56)
@pytest.mark.parametrize("target", [FILE, BIG, f"{FILE}.metadata", f"/packages/{SDIST}"])
def test_files_are_immutable_and_private(server: ProxyServer, target: str) -> None:
    assert server.get(target).headers["cache-control"] == IMMUTABLE


def request_refusals(server: ProxyServer) -> list[ProxyResponse]:
    return [
        server.raw("GET", PAGE),
        server.get("/nothing"),
        server.get(PAGE, {"Accept": "image/png"}),
        server.raw("DELETE", FILE, {"Authorization": encode_basic()}),
        server.get("/" + "a" * 3000),
        server.get(PAGE, {"X-Long": "a" * 40_000}),
        server.get(FILE, {"Range": "bytes=99999999-"}),
    ]


@pytest.mark.conformance(58, 65)
def test_refusals_are_short_plain_and_not_cached(server: ProxyServer) -> None:
    answers = request_refusals(server)
    assert [answer.status for answer in answers] == [401, 404, 406, 405, 414, 431, 416]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert 0 < len(answer.body) < 100
        assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.conformance(59, 60, 61, 63)
@pytest.mark.parametrize(
    "authorization",
    [None, encode_basic("wrong"), encode_basic("gcpypi_old"), encode_basic(""),
     "Basic", "Basic %%%", "Basic dXNlcg==",
     "Bearer gcpypi_old", "", encode_basic(TOKEN) + ", " + encode_basic(TOKEN), "Basic /w=="],
)  # fmt: skip
@pytest.mark.parametrize("target", [*EVERY_KIND, "/nothing", "/simple/%2f/"])
def test_without_a_live_token_everything_is_401(
    server: ProxyServer, target: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = server.raw("GET", target, headers)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, CHALLENGE)


@pytest.mark.conformance(59)
def test_the_token_is_checked_first(server: ProxyServer) -> None:
    assert server.raw("POST", "/nothing").status == 401
    assert server.raw("GET", "/" + "a" * 3000).status == 401


@pytest.mark.conformance(60)
@pytest.mark.parametrize("user", ["__token__", "any-name", "", "jörg"])
def test_the_user_name_can_be_anything(server: ProxyServer, user: str) -> None:
    assert server.get(PAGE, {"Authorization": encode_basic(user=user)}).status == 200


@pytest.mark.conformance(62)
@pytest.mark.parametrize(
    "target",
    ["/simple/beta/", BIG, f"{BIG}.metadata", "/pypi/beta/json", "/projects/beta/", "/feed.xml"],
)
def test_a_page_or_file_out_of_scope_is_404(server: ProxyServer, target: str) -> None:
    assert server.get(target, {"Authorization": encode_basic(NARROW)}).status == 404


@pytest.mark.conformance(62)
def test_a_page_or_file_in_scope_is_served(server: ProxyServer) -> None:
    narrow = {"Authorization": encode_basic(NARROW)}
    assert server.get(PAGE, narrow).status == 200
    assert server.get(FILE, narrow).body == WHEEL_BYTES


@pytest.mark.conformance(63)
def test_a_redirect_carries_no_credentials(server: ProxyServer) -> None:
    answer = server.get("/simple/Alpha_Pkg?x=1")
    assert TOKEN not in str(answer.headers) + answer.body.decode()


@pytest.mark.conformance(65)
def test_another_method_is_405_with_the_allowed_ones(server: ProxyServer) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = server.raw(method, PAGE, {"Authorization": encode_basic(), "Content-Length": "0"})
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_the_probes_need_no_token(server: ProxyServer, path: str) -> None:
    assert server.raw("GET", path).status == 200
    assert server.raw("HEAD", path).status == 200
    assert server.raw("POST", path, {"Content-Length": "0"}).status == 405


@pytest.mark.parametrize("target", [*EVERY_KIND, "/nothing", "/simple"])
def test_every_answer_forbids_guessing_its_type(server: ProxyServer, target: str) -> None:
    assert server.get(target).headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("target", ["/simple/", PAGE])
def test_a_page_for_installers_cannot_load_anything(server: ProxyServer, target: str) -> None:
    assert server.get(target).headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
