"""Trusted publishing over HTTP: ``upload.minting``, with a CI in memory."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cloud.errors import PermissionDenied, Unavailable
from cloud.rest.jwt_signing import LOCAL_ACCOUNT
from testing.memory_upload import (
    PUBLISHER,
    UPLOAD_URL,
    MemoryUpload,
    UploadResponse,
    encode_login,
)
from testing.oidc.ci_identity import GITHUB, IDENTITY, GithubTokens
from testing.storage import Fault
from upload.minting.mint_routes import MAX_BODY

MINT = "/_/oidc/mint-token"
YANK = json.dumps({"action": "yank", "project": "acme-tools", "version": "1.0"}).encode()


@dataclass
class Publishing:
    """The upload service, a CI, and the identities of the document."""

    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service = MemoryUpload(**self.settings)
        self.ci = GithubTokens(UPLOAD_URL)
        self.service.issuer_keys = {GITHUB: self.ci.keys}
        self.write([IDENTITY])

    def write(self, identities: list[Mapping[str, object]]) -> None:
        """Replace the identities of the document, which the service reads at the next request."""
        tokens = self.service.tokens
        assert isinstance(tokens, bytes)
        document = {**json.loads(tokens), "identities": identities}
        self.service.tokens = json.dumps(document).encode()

    async def mint(self, id_token: str) -> UploadResponse:
        return await self.post(MINT, {"token": id_token})

    async def post(self, path: str, body: object) -> UploadResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.service.send("POST", path, {}, [data])

    async def use(self, minted: str) -> UploadResponse:
        """Give a command with a minted token."""
        return await self.service.send("POST", "/commands", encode_login(minted), [YANK])


@pytest.fixture
def publishing() -> Publishing:
    return Publishing({"tokens_refresh": 0})


def read_error(response: UploadResponse) -> dict[str, str]:
    """Return the only error of an answer in the form of the public index."""
    answer = json.loads(response.text)
    assert answer["message"] == "Token request failed"
    (error,) = answer["errors"]
    assert set(error) == {"code", "description"}
    return dict(error)


async def test_the_audience_is_the_upload_url(publishing: Publishing) -> None:
    response = await publishing.service.send("GET", "/_/oidc/audience")
    assert (response.status, json.loads(response.text)) == (200, {"audience": UPLOAD_URL})
    assert response.headers["cache-control"] == "no-store"


async def test_an_id_token_is_exchanged_for_a_token_that_publishes(publishing: Publishing) -> None:
    response = await publishing.mint(publishing.ci.sign())

    answer = json.loads(response.text)
    assert (response.status, answer["success"], set(answer)) == (
        200,
        True,
        {"success", "token", "expires"},
    )
    assert isinstance(answer["expires"], int)
    assert (await publishing.use(answer["token"])).status == 202


async def test_an_id_token_does_not_publish(publishing: Publishing) -> None:
    response = await publishing.use(publishing.ci.sign())
    assert response.status == 401
    assert "an ID token is accepted only at /_/oidc/mint-token" in response.text
    assert "no identity" not in response.text  # its identity exists


async def test_an_id_token_is_exchanged_once(publishing: Publishing) -> None:
    id_token = publishing.ci.sign()
    assert (await publishing.mint(id_token)).status == 200

    response = await publishing.mint(id_token)
    assert (response.status, read_error(response)["code"]) == (422, "invalid-reuse-token")
    (claimed,) = [info.name for info in publishing.service.verdicts.list()]
    assert claimed.startswith("jti/")


async def test_the_same_jti_of_another_id_token_is_refused(publishing: Publishing) -> None:
    assert (await publishing.mint(publishing.ci.sign(jti="1"))).status == 200
    response = await publishing.mint(publishing.ci.sign(jti="1", run_id="2"))
    assert read_error(response)["code"] == "invalid-reuse-token"


async def test_a_token_without_jti_can_be_exchanged_again(publishing: Publishing) -> None:
    """The metadata server of Google repeats an ID token for up to an hour."""
    id_token = publishing.ci.sign(jti=None)
    assert [(await publishing.mint(id_token)).status for _ in range(2)] == [200, 200]
    assert list(publishing.service.verdicts.list()) == []


@pytest.mark.parametrize("jti", [1, "", ["a"], {"a": 1}, True], ids=repr)
async def test_a_jti_that_is_no_text_is_refused(publishing: Publishing, jti: object) -> None:
    response = await publishing.mint(publishing.ci.sign(jti=jti))
    assert (response.status, read_error(response)["code"]) == (422, "invalid-token")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "https://index.example/simple/"},
        {"aud": [UPLOAD_URL]},
        {"iss": "https://other.example"},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
async def test_an_invalid_id_token_is_refused(
    publishing: Publishing, claims: dict[str, object]
) -> None:
    response = await publishing.mint(publishing.ci.sign(**claims))
    assert (response.status, read_error(response)["code"]) == (422, "invalid-token")


async def test_an_id_token_with_another_signature_is_refused(publishing: Publishing) -> None:
    forged = GithubTokens(UPLOAD_URL, key="other").sign()
    for token in (forged, "eyJ.a.b", "gcpypi_publisher", "", "x" * 10_000):
        response = await publishing.mint(token)
        assert (response.status, read_error(response)["code"]) == (422, "invalid-token")


@pytest.mark.parametrize(
    "claims",
    [
        {"repository_id": "43"},
        {"repository_owner_id": "8"},
        {"repository_id": 42},
        {"environment": None, "ref": "refs/pull/1/merge", "event_name": "pull_request"},
        {"environment": "other"},
    ],
    ids=str,
)
async def test_an_id_token_of_another_job_has_no_identity(
    publishing: Publishing, claims: dict[str, object]
) -> None:
    """A pull request of a fork has the ids of the repository, but no environment."""
    response = await publishing.mint(publishing.ci.sign(**claims))

    error = read_error(response)
    assert (response.status, error["code"]) == (422, "invalid-publisher")
    assert "repository='acme/tools'" in error["description"]
    assert "gcpypi identity list --publish" in error["description"]
    assert list(publishing.service.verdicts.list()) == []


@pytest.mark.parametrize(
    "identity",
    [
        {"claims": {"repository_id": "42"}},
        {"claims": {"repository_owner_id": "7", "environment": "pypi"}},
        {"scopes": ["read"]},
        {"uploader": None},
        {"expires": "2026-11-02T00:00:00Z"},
    ],
    ids=str,
)
async def test_an_index_without_a_publishing_identity_is_not_enabled(
    publishing: Publishing, identity: dict[str, object]
) -> None:
    """An unsafe entry in the document counts as none."""
    publishing.write([{**IDENTITY, **identity}])
    response = await publishing.mint(publishing.ci.sign())
    error = read_error(response)
    assert (response.status, error["code"]) == (422, "not-enabled")
    assert "gcpypi identity add --publish" in error["description"]


@pytest.mark.parametrize(
    "uploaders", ["{}", '{"acme": ["acme-*"]}', '{"web": {"projects": ["*"], "upload": true}}']
)
async def test_an_uploader_without_the_service_is_not_enabled(uploaders: str) -> None:
    publishing = Publishing({"uploaders": json.loads(uploaders)})
    response = await publishing.mint(publishing.ci.sign())
    assert read_error(response)["code"] == "not-enabled"


async def test_a_removed_identity_ends_its_minted_tokens(publishing: Publishing) -> None:
    minted = json.loads((await publishing.mint(publishing.ci.sign())).text)["token"]
    assert (await publishing.use(minted)).status == 202

    publishing.write([{**IDENTITY, "expires": "2026-11-02T00:00:00Z"}])
    response = await publishing.use(minted)
    assert response.status == 401
    assert "identity 'acme-ci' of the minted token was removed" in response.text

    publishing.write([])
    assert (await publishing.use(minted)).status == 401


async def test_a_minted_token_does_not_pass_to_another_entry_of_the_same_name(
    publishing: Publishing,
) -> None:
    minted = json.loads((await publishing.mint(publishing.ci.sign())).text)["token"]
    claims = {"repository_id": "99", "environment": "pypi"}
    publishing.write([{**IDENTITY, "claims": claims}])
    assert (await publishing.use(minted)).status == 401


async def test_a_minted_token_has_the_current_scope_of_its_identity(
    publishing: Publishing,
) -> None:
    minted = json.loads((await publishing.mint(publishing.ci.sign())).text)["token"]
    publishing.write([{**IDENTITY, "projects": ["acme-other"]}])
    assert (await publishing.use(minted)).status == 403


async def test_an_id_token_is_no_password_and_a_minted_token_no_id_token(
    publishing: Publishing,
) -> None:
    assert (await publishing.use(publishing.ci.sign())).status == 401
    minted = json.loads((await publishing.mint(publishing.ci.sign())).text)["token"]
    assert read_error(await publishing.mint(minted))["code"] == "invalid-token"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"token": null}',
        b'{"token": 1}',
        b'{"token": ["x"]}',
        b'{"token": "x"',
        b"[" * 10_000,
        b'{"token": "' + b"x" * MAX_BODY + b'"}',
    ],
    ids=lambda body: repr(body[:20]),
)
@pytest.mark.parametrize("path", [MINT, "/_/oidc/burn-token"])
async def test_a_body_without_a_token_is_an_invalid_payload(
    publishing: Publishing, path: str, body: bytes
) -> None:
    response = await publishing.post(path, body)
    assert (response.status, read_error(response)["code"]) == (422, "invalid-payload")


async def test_an_unreachable_issuer_leaves_the_id_token_unused(publishing: Publishing) -> None:
    id_token, keys = publishing.ci.sign(), publishing.service.issuer_keys
    publishing.service.issuer_keys = {}
    response = await publishing.mint(id_token)
    assert (response.status, read_error(response)["code"]) == (503, "unavailable")
    assert response.headers["retry-after"] == "5"

    publishing.service.issuer_keys = keys
    publishing.service.clock.now += 10
    assert (await publishing.mint(id_token)).status == 200


async def test_a_failure_of_iam_leaves_the_id_token_unused(publishing: Publishing) -> None:
    """uv repeats a request with the same ID token after 503."""
    id_token = publishing.ci.sign()
    for fault in (Unavailable("signJwt"), PermissionDenied("signJwt")):
        publishing.service.signer.fault = fault
        response = await publishing.mint(id_token)
        assert (response.status, read_error(response)["code"]) == (503, "unavailable")
    publishing.service.signer.fault = None
    assert (await publishing.mint(id_token)).status == 200


async def test_a_failure_of_storage_leaves_the_id_token_unused(publishing: Publishing) -> None:
    id_token = publishing.ci.sign()
    publishing.service.storage.faults.add(Fault(operation="objects.insert", bucket="verdicts"))
    response = await publishing.mint(id_token)
    assert (response.status, read_error(response)["code"]) == (503, "unavailable")
    assert (await publishing.mint(id_token)).status == 200


async def test_a_document_that_was_never_read_is_a_fault_of_the_index() -> None:
    publishing = Publishing()
    publishing.service.tokens = Unavailable("secret")
    response = await publishing.mint(publishing.ci.sign())
    assert (response.status, read_error(response)["code"]) == (503, "unavailable")


async def test_a_minted_token_is_accepted_for_burning(publishing: Publishing) -> None:
    response = await publishing.post("/_/oidc/burn-token", {"token": "any"})
    assert response.status == 202


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", MINT, "POST"),
        ("POST", "/_/oidc/audience", "GET, HEAD"),
        ("PUT", "/_/oidc/burn-token", "POST"),
    ],
)
async def test_another_method_is_refused(
    publishing: Publishing, method: str, path: str, allow: str
) -> None:
    response = await publishing.service.send(method, path)
    assert (response.status, response.headers["allow"]) == (405, allow)


async def test_a_page_of_another_site_gets_no_token(publishing: Publishing) -> None:
    response = await publishing.service.send("POST", MINT, {"sec-fetch-site": "cross-site"}, [b""])
    assert response.status == 403


async def test_the_urls_can_be_discovered(publishing: Publishing) -> None:
    response = await publishing.service.send("GET", "/.well-known/pytp?discover=%2Flegacy%2F")
    assert (response.status, json.loads(response.text)) == (
        200,
        {
            "audience-endpoint": "https://upload.example/_/oidc/audience",
            "token-mint-endpoint": "https://upload.example/_/oidc/mint-token",
        },
    )
    for query in ("", "?discover=%2Fother%2F"):
        assert (await publishing.service.send("GET", f"/.well-known/pytp{query}")).status == 404


async def test_the_log_has_the_job_but_no_token(
    publishing: Publishing,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    id_token = publishing.ci.sign()
    minted = json.loads((await publishing.mint(id_token)).text)["token"]
    await publishing.use(minted)

    text = capsys.readouterr().out
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    (line,) = [each for each in lines if each["message"].startswith("minted")]
    assert (line["identity"], line["uploader"]) == ("acme-ci", "acme")
    assert line["claims"]["repository"] == "acme/tools"
    for secret in (id_token, minted, id_token.split(".")[2], minted.split(".")[2], PUBLISHER):
        assert secret not in text


def test_the_stand_in_signs_for_one_account() -> None:
    assert MemoryUpload().signer.account == LOCAL_ACCOUNT
