"""Tests of ``cloud.signing``: the same URLs as from google-cloud-storage."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.credentials import Credentials
from google.auth.transport import Request
from google.cloud.storage._signing import generate_signed_url_v4
from google.oauth2 import service_account

from cloud.errors import Unavailable
from cloud.signing import SignedRequest, UrlSigner, create_put_headers, generate_signed_url

EMAIL = "proxy@acme-prod.iam.gserviceaccount.com"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def key() -> service_account.Credentials:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    info = {"client_email": EMAIL, "private_key": pem, "token_uri": "https://localhost/token"}
    made: service_account.Credentials = service_account.Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]
    return made


@pytest.mark.parametrize(
    "name", ["alpha-1.0-py3-none-any.whl", "alpha-1!2.0+cu1-py3-none-any.whl", "a~b/c d-é.tar.gz"]
)
def test_a_url_equals_that_of_the_library(key: service_account.Credentials, name: str) -> None:
    theirs = generate_signed_url_v4(
        key,
        f"/packages/{quote(name, safe='/~')}",
        timedelta(hours=2),
        _request_timestamp="20261124T120000Z",
    )
    ours = generate_signed_url(
        SignedRequest("packages", name),
        signer=EMAIL,
        sign=key.sign_bytes,
        now=NOON,
        valid=7200,
    )
    assert ours == theirs


@pytest.mark.parametrize("origin", ["https://storage.googleapis.com", "http://127.0.0.1:8089"])
def test_the_url_of_a_put_equals_that_of_the_library(
    key: service_account.Credentials, origin: str
) -> None:
    headers = create_put_headers("application/octet-stream", 1048576, {"sha256": "ab" * 32})
    theirs = generate_signed_url_v4(
        key,
        "/incoming/upload/acme/direct-1/a%2Bb-1.0.tar.gz",
        timedelta(minutes=15),
        api_access_endpoint=origin,
        method="PUT",
        headers=dict(headers),
        _request_timestamp="20261124T120000Z",
    )
    ours = generate_signed_url(
        SignedRequest("incoming", "upload/acme/direct-1/a+b-1.0.tar.gz", "PUT", headers, origin),
        signer=EMAIL,
        sign=key.sign_bytes,
        now=NOON,
        valid=900,
    )
    assert ours == theirs


def test_white_space_in_a_header_field_is_folded_as_in_the_library(
    key: service_account.Credentials,
) -> None:
    headers = {"x-goog-meta-holder": "  ada   of acme "}
    theirs = generate_signed_url_v4(
        key,
        "/incoming/a",
        timedelta(minutes=1),
        method="PUT",
        headers=dict(headers),
        _request_timestamp="20261124T120000Z",
    )
    request = SignedRequest("incoming", "a", "PUT", headers)
    assert theirs == generate_signed_url(
        request, signer=EMAIL, sign=key.sign_bytes, now=NOON, valid=60
    )


def test_a_put_creates_an_object_of_a_bounded_size_with_its_metadata() -> None:
    assert create_put_headers("application/octet-stream", 5, {"sha256": "ab", "holder": "ada"}) == {
        "content-type": "application/octet-stream",
        "x-goog-content-length-range": "0,5",
        "x-goog-if-generation-match": "0",
        "x-goog-meta-sha256": "ab",
        "x-goog-meta-holder": "ada",
    }


class LazyCredentials(Credentials):
    """Credentials without an e-mail address before the first refresh, as on Cloud Run."""

    service_account_email = "default"
    refreshes = 0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def refresh(self, request: Any) -> None:  # noqa: ANN401 - google-auth's
        self.refreshes += 1
        self.token, self.service_account_email = "t", EMAIL


class SignBlobResponse:
    def __init__(self, status: int, content: object) -> None:
        self.status, self.data = status, json.dumps(content).encode()
        self.headers: Mapping[str, str] = {}


def create_transport(
    answer: SignBlobResponse, asked: list[Mapping[str, Any]]
) -> Callable[[], Request]:
    class Transport(Request):
        def __call__(self, url: Any, *_: Any, **request: Any) -> Any:  # noqa: ANN401 - its own
            asked.append({"url": url, **request})
            return answer

    return Transport


async def test_the_service_account_signs_for_itself() -> None:
    asked: list[Mapping[str, Any]] = []
    answer = SignBlobResponse(200, {"signedBlob": base64.b64encode(b"\x01\xff").decode()})
    credentials = LazyCredentials()
    signer = UrlSigner("packages", 7200, credentials, create_transport(answer, asked))
    url = await signer.sign("a-1.0.tar.gz")
    assert url.startswith("https://storage.googleapis.com/packages/a-1.0.tar.gz?")
    assert url.endswith("&X-Goog-Signature=01ff")
    assert "X-Goog-Expires=7200" in url
    [request] = asked
    assert request["url"].endswith(f"/serviceAccounts/{EMAIL}:signBlob")
    assert request["headers"]["authorization"] == "Bearer t"
    assert base64.b64decode(json.loads(request["body"])["payload"]).startswith(
        b"GOOG4-RSA-SHA256\n"
    )

    await signer.sign("b-1.0.tar.gz")
    assert credentials.refreshes == 1


async def test_the_service_account_signs_a_put_for_another_host() -> None:
    answer = SignBlobResponse(200, {"signedBlob": base64.b64encode(b"\x01\xff").decode()})
    transport = create_transport(answer, [])
    signer = UrlSigner("incoming", 900, LazyCredentials(), transport, "http://127.0.0.1:8089")
    url = await signer.sign_put("a-1.0.tar.gz", {"content-type": "application/octet-stream"})
    assert url.startswith("http://127.0.0.1:8089/incoming/a-1.0.tar.gz?")
    assert "X-Goog-SignedHeaders=content-type%3Bhost&" in url


async def test_a_service_account_without_the_right_to_sign_is_unavailable() -> None:
    signer = UrlSigner(
        "packages", 7200, LazyCredentials(), create_transport(SignBlobResponse(403, {}), [])
    )
    with pytest.raises(Unavailable, match=r"gs://packages/a-1.0.tar.gz: cannot sign the URL"):
        await signer.sign("a-1.0.tar.gz")
