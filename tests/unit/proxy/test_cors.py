"""Cross-origin requests of browser apps: ``proxy.http.cors`` and ``CORS_ORIGINS``."""

import pytest
from pydantic import ValidationError

from proxy.http.cors import create_cors
from proxy.settings import Settings
from testing.memory_proxy import JSON, LARGE, LARGE_BYTES, TOKEN, MemoryProxy, encode_basic
from testing.storage import Fault

APP, LAB, STRANGER = "https://app.example", "http://localhost:8000", "https://evil.example"
PAGE = "/simple/alpha-pkg/"
PREFLIGHT = {"origin": APP, "access-control-request-method": "GET", "authorization": ""}
FIELDS = "access-control-request-headers"
NAMES = {"gcp_project": "p", "static_bucket": "s", "packages_bucket": "p", "tokens_secret": "t"}

with_apps = pytest.mark.settings(cors_origins=[APP, LAB])


def select_cors(headers: dict[str, str] | object) -> dict[str, str]:
    """Return the header fields of the CORS protocol."""
    assert isinstance(headers, dict)
    return {name: value for name, value in headers.items() if name.startswith("access-control-")}


@pytest.mark.conformance(59)
@with_apps
@pytest.mark.parametrize("path", [PAGE, "/simple/", f"/packages/{LARGE}", "/nothing", "/health"])
@pytest.mark.parametrize("origin", [APP, LAB])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_preflight_is_answered_without_a_token(
    proxy: MemoryProxy, path: str, origin: str, method: str
) -> None:
    asked = {**PREFLIGHT, "origin": origin, "access-control-request-method": method}
    asked[FIELDS] = "accept,authorization,if-none-match,if-range,range"
    answer = await proxy.ask(path, asked, "OPTIONS")
    assert answer.status == 200
    assert "Origin" in answer.headers["vary"].split(", ")
    found = select_cors(answer.headers)
    allowed = set(found.pop("access-control-allow-headers").lower().split(", "))
    assert set(asked[FIELDS].split(",")) <= allowed
    assert found == {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD",
        "access-control-max-age": "600",
    }
    assert proxy.take_operation_count() == 0


@with_apps
@pytest.mark.parametrize(
    "asked",
    [
        {"origin": STRANGER},
        {"origin": "null"},
        {"origin": f"{APP}.evil.example"},
        {"access-control-request-method": "PUT"},
        {FIELDS: "x-other"},
    ],
)
async def test_any_other_preflight_is_refused(proxy: MemoryProxy, asked: dict[str, str]) -> None:
    answer = await proxy.ask(PAGE, {**PREFLIGHT, **asked}, "OPTIONS")
    assert answer.status == 400
    if "origin" in asked:
        assert "access-control-allow-origin" not in answer.headers


@with_apps
@pytest.mark.parametrize(
    ("path", "fields", "method", "status"),
    [
        (PAGE, {"accept": JSON}, "GET", 200),
        (PAGE, {}, "HEAD", 200),
        (PAGE, {"if-none-match": "*"}, "GET", 304),
        (PAGE, {"authorization": f"Bearer {TOKEN}"}, "GET", 200),
        (PAGE, {"authorization": ""}, "GET", 401),
        (PAGE, {"authorization": encode_basic("wrong")}, "GET", 401),
        (PAGE, {"accept": "image/png"}, "GET", 406),
        (PAGE, {}, "POST", 405),
        ("/simple/Alpha_Pkg/", {}, "GET", 301),
        ("/simple/unknown/", {}, "GET", 404),
        (f"/packages/{LARGE}", {}, "GET", 200),
        (f"/packages/{LARGE}", {"range": "bytes=0-9"}, "GET", 206),
        (f"/packages/{LARGE}", {"range": "bytes=99999999-"}, "GET", 416),
        ("/favicon.ico", {}, "GET", 200),
    ],
)
async def test_every_response_to_an_app_has_the_fields(
    proxy: MemoryProxy, path: str, fields: dict[str, str], method: str, status: int
) -> None:
    answer = await proxy.ask(path, {"origin": APP, **fields}, method)
    assert answer.status == status
    assert select_cors(answer.headers) == {
        "access-control-allow-origin": APP,
        "access-control-expose-headers": "ETag, Accept-Ranges, Content-Range, Retry-After",
    }
    assert "Origin" in answer.headers["vary"].split(", ")


@with_apps
async def test_a_fault_of_the_index_has_the_fields(proxy: MemoryProxy) -> None:
    proxy.static.fault(Fault(status=503, times=None))
    answer = await proxy.ask(PAGE, {"origin": APP})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (503, APP)


@with_apps
async def test_other_fields_of_a_response_are_unchanged(proxy: MemoryProxy) -> None:
    plain, answer = await MemoryProxy().ask(PAGE), await proxy.ask(PAGE, {"origin": APP})
    vary = {"vary": f"{plain.headers['vary']}, Origin"}
    cors = select_cors(answer.headers)
    assert answer.headers == {**plain.headers, **vary, **cors}
    assert (await proxy.ask(f"/packages/{LARGE}", {"origin": APP})).body == LARGE_BYTES


@with_apps
@pytest.mark.parametrize("path", [PAGE, "/nothing"])
@pytest.mark.parametrize("fields", [{}, {"origin": STRANGER}, {"origin": "null"}])
async def test_no_other_origin_is_allowed(
    proxy: MemoryProxy, path: str, fields: dict[str, str]
) -> None:
    """Such a response also varies by origin: a browser may keep it for an app."""
    await proxy.ask(path, {"origin": APP})
    answer = await proxy.ask(path, fields)
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"].split(", ")


@with_apps
async def test_options_without_a_preflight_needs_a_token(proxy: MemoryProxy) -> None:
    answers = [
        await proxy.ask(PAGE, {"origin": APP, "authorization": field}, "OPTIONS")
        for field in ("", encode_basic())
    ]
    assert [answer.status for answer in answers] == [401, 405]


@pytest.mark.settings(cors_origins=["*"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_any_origin_is_allowed_without_stored_credentials(
    proxy: MemoryProxy, method: str
) -> None:
    answer = await proxy.ask(PAGE, {**PREFLIGHT, "authorization": encode_basic()}, method)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", [PAGE, "/nothing", "/health", f"/packages/{LARGE}"])
async def test_without_the_setting_nothing_changes(
    proxy: MemoryProxy, path: str, method: str
) -> None:
    with_origin = await proxy.ask(path, PREFLIGHT, method)
    assert with_origin == await proxy.ask(path, {"authorization": ""}, method)
    assert select_cors(with_origin.headers) == {}


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/", "https://app.example"),
        ("HTTPS://App.Example", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://app.example:80", "http://app.example"),
        ("https://app.example:8443", "https://app.example:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("*", "*"),
    ],
)
def test_an_origin_has_the_form_of_browsers(text: str, origin: str) -> None:
    assert Settings.model_validate({**NAMES, "cors_origins": [text]}).cors_origins == (origin,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "app.example",
        "//app.example",
        "https://",
        "https://app.example/lab",
        "https://app.example?a",
        "https://app.example#a",
        "https://user@app.example",
        "https://*.example",
        "https://app.example:port",
        "https://app.example:99999",
        "https://app.example, https://lab.example",
        "https://äpp.example",
        "ftp://app.example",
        "https://app.example\r\nx: y",
    ],
)
def test_any_other_text_is_no_origin(text: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate({**NAMES, "cors_origins": [text]})
    assert [error["loc"] for error in raised.value.errors()] == [("cors_origins", 0)]


def test_without_origins_there_is_no_middleware() -> None:
    assert create_cors(()) == []


def test_the_setting_is_a_list_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**NAMES, "cors_origins": f'["{APP}", "{LAB}"]'}.items():
        monkeypatch.setenv(name.upper(), value)
    assert Settings().cors_origins == (APP, LAB)
