"""Signatures of a service account over HTTP: ``cloud.rest.jwt_signing`` and the stand-in of IAM."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth.credentials import AnonymousCredentials, Credentials

from cloud.errors import MissingCredentials, NotFound, PermissionDenied, Unavailable
from cloud.rest.jwt_signing import LOCAL_ACCOUNT, MAX_KEYS_SIZE, JwtSigner, connect
from cloud.retry import Backoff, Retry
from testing.fakes.google_api_server import Answer, GoogleApiServer, run_google_api
from testing.fakes.iam_server import IamServer, run_iam

PATH = f"/v1/projects/-/serviceAccounts/{LOCAL_ACCOUNT}"
AUDIENCE = "https://upload.example/legacy/"
CLAIMS = {"iss": LOCAL_ACCOUNT, "aud": AUDIENCE, "exp": 4_000_000_000}


@pytest.fixture
async def iam() -> AsyncIterator[IamServer]:
    async with run_iam() as server:
        yield server


async def post(iam: IamServer, method: str, body: object) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://{iam.host}", trust_env=False) as client:
        return await client.post(f"{PATH}:{method}", json=body)


async def test_the_published_keys_verify_a_signed_jwt(iam: IamServer) -> None:
    signer = connect(iam.host)
    claims = {**CLAIMS, "exp": int(time.time()) + 900}

    token = await asyncio.to_thread(signer.sign, claims)
    keys = jwt.PyJWKSet.from_json((await asyncio.to_thread(signer.read_keys)).decode())

    header = jwt.get_unverified_header(token)
    assert header == {"alg": "RS256", "kid": iam.key.id, "typ": "JWT"}
    assert jwt.decode(token, keys[iam.key.id], ["RS256"], audience=AUDIENCE) == claims
    assert signer.account == LOCAL_ACCOUNT


async def test_the_public_key_verifies_a_signed_blob(iam: IamServer) -> None:
    payload = base64.b64encode(b"\x00 bytes \xff").decode()
    answer = (await post(iam, "signBlob", {"payload": payload})).json()

    signature = base64.b64decode(answer["signedBlob"])
    iam.key.public_key.verify(signature, b"\x00 bytes \xff", padding.PKCS1v15(), hashes.SHA256())
    assert answer["keyId"] == iam.key.id


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("signBlob", {}),
        ("signBlob", []),
        ("signBlob", {"payload": "not Base64!"}),
        ("signJwt", {"payload": "no JSON"}),
        ("signJwt", {"payload": "[1]"}),
        ("signJwt", {"payload": json.dumps(CLAIMS)}),  # ends in more than 12 hours
        ("signJwt", {"payload": '{"exp": "soon"}'}),
    ],
)
async def test_the_stand_in_refuses_what_iam_refuses(
    iam: IamServer, method: str, body: object
) -> None:
    answer = await post(iam, method, body)

    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


RETRY = Retry(
    {Unavailable: Backoff(first=0.1, longest=0.1)}, deadline=0.3, clock=count(0.0, 0.1).__next__
)
"""Retry with a clock that advances by 0.1 s at each reading: a slow machine retries too."""
SIGN = f"POST {PATH}:signJwt"
KEYS = f"GET /service_accounts/v1/jwk/{LOCAL_ACCOUNT}"


@pytest.fixture
def served() -> Iterator[tuple[GoogleApiServer, JwtSigner]]:
    with run_google_api() as (server, api):
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        yield server, JwtSigner(api, server.origin, credentials, RETRY)


DENIED: Answer = (403, {"error": {"message": "iam.serviceAccounts.signJwt denied"}})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (DENIED, PermissionDenied),
        ((404, {}), NotFound),
        ((200, {"keyId": "1"}), Unavailable),
        ((200, b"no JSON"), Unavailable),
    ],
)
def test_a_jwt_that_iam_does_not_sign_is_an_error(
    served: tuple[GoogleApiServer, JwtSigner], answer: Answer, error: type[Exception]
) -> None:
    server, signer = served
    server.answer(SIGN, answer)

    with pytest.raises(error):
        signer.sign(CLAIMS)


def test_a_failure_of_iam_is_retried(served: tuple[GoogleApiServer, JwtSigner]) -> None:
    server, signer = served
    server.answer(SIGN, (503, {}), (200, {"signedJwt": "a.b.c"}))

    assert signer.sign(CLAIMS) == "a.b.c"


@pytest.mark.parametrize(
    "answer", [(404, {}), (302, b""), (200, b"x" * (MAX_KEYS_SIZE + 1))], ids=repr
)
def test_unreadable_keys_are_an_error(
    served: tuple[GoogleApiServer, JwtSigner], answer: Answer
) -> None:
    server, signer = served
    server.answer(KEYS, answer)

    with pytest.raises(Unavailable):
        signer.read_keys()


class PersonCredentials(Credentials):
    """Credentials of a person, which have no service account."""

    def refresh(self, request: object) -> None:
        self.token = "t"


def test_credentials_without_a_service_account_cannot_sign(
    served: tuple[GoogleApiServer, JwtSigner],
) -> None:
    _, api = served
    person = PersonCredentials()  # type: ignore[no-untyped-call]

    with pytest.raises(MissingCredentials, match="no credentials of an account"):
        JwtSigner(api._iam, "https://keys.example", person).sign(CLAIMS)
