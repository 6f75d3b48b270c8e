import json
from collections.abc import Mapping

import pytest

from cloud.errors import Unavailable
from testing.memory_upload import INDEX_URL, UPLOAD_URL, MemoryUpload, encode_login

ADDRESSES = f"Publish with POST to {UPLOAD_URL}; install from {INDEX_URL}."


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_probes_need_no_credential(path: str) -> None:
    response = await MemoryUpload().send("GET", path)
    assert (response.status, response.text) == (200, "ok\n")


async def test_the_service_is_not_ready_without_tokens_and_still_alive() -> None:
    service = MemoryUpload()
    service.tokens = Unavailable("uploaders")
    response = await service.send("GET", "/ready")
    assert (response.status, response.headers["retry-after"]) == (503, "2")
    assert (await service.send("GET", "/health")).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "BREW"])
async def test_an_unknown_address_names_the_addresses_of_the_index(method: str) -> None:
    response = await MemoryUpload().send(method, "/simple/acme/")
    assert response.status == 404
    assert response.text == f"unknown-path: the upload service has no such address. {ADDRESSES}\n"


async def test_a_wrong_method_names_the_methods_and_the_addresses() -> None:
    response = await MemoryUpload().send("POST", "/health")
    assert (response.status, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.text.endswith(f"{ADDRESSES}\n")


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "uv/0.12.5 (linux)", "accept": "application/json;q=0.9, text/plain;q=0.8"},
        {"accept": "Application/Problem+JSON"},
    ],
)
async def test_uv_and_clients_that_ask_get_a_problem_document(headers: dict[str, str]) -> None:
    response = await MemoryUpload().send("GET", "/legacy", headers)
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.text) == {
        "title": "Not Found",
        "status": 404,
        "detail": f"unknown-path: the upload service has no such address. {ADDRESSES}",
        "reason": "unknown-path",
    }


async def test_other_clients_get_a_sentence() -> None:
    headers = {"user-agent": "twine/7.0 uv/0.1", "accept": "*/*"}
    response = await MemoryUpload().send("GET", "/legacy", headers)
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        (f"/{'a' * 2048}", {}, 414, "long-url"),
        ("/health", {"x-large": "a" * 32768}, 431, "large-headers"),
        ("/health", {"sec-fetch-site": "cross-site"}, 403, "cross-site"),
    ],
)
async def test_requests_outside_the_limits_are_refused(
    path: str, headers: dict[str, str], status: int, reason: str
) -> None:
    response = await MemoryUpload().send("GET", path, headers)
    assert (response.status, response.text.partition(":")[0]) == (status, reason)


@pytest.mark.parametrize(
    ("login", "is_read"), [({"authorization": ""}, False), (encode_login(), True)]
)
async def test_a_body_that_has_begun_is_read_before_its_refusal(
    login: Mapping[str, str], is_read: bool
) -> None:
    headers = {
        **login,
        "expect": "100-continue",
        "content-length": "300",
        "content-type": "multipart/form-data; boundary=x",
    }
    chunks = iter([b"no form" * 10, b"x" * 100, b"x" * 130])
    response = await MemoryUpload().send("POST", "/legacy/", headers, chunks)
    assert response.status == (400 if is_read else 401)
    assert (next(chunks, None) is None) == is_read


async def test_requests_of_the_same_site_are_accepted() -> None:
    service = MemoryUpload()
    for site in ("same-origin", "none", "same-site"):
        response = await service.send("GET", "/health", {"sec-fetch-site": site})
        assert response.status == 200
