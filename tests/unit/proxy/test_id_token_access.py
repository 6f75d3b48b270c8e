"""Requests to the proxy with an ID token: ``access.authentication``, ``proxy.http.endpoints``."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from access.identities.json_web_keys import IssuerKeySet, parse_key_set
from cloud.errors import Unavailable
from testing.memory_proxy import (
    NARROW,
    TOKEN,
    TOKENS,
    AccessLogReader,
    MemoryProxy,
    encode_basic,
)
from testing.oidc.local_issuer import LocalIssuer
from testing.oidc.tls_files import TlsFiles

INDEX_URL = "https://index.example/simple/"
PAGE = "/simple/alpha-pkg/"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIssuer]:
    with LocalIssuer(TlsFiles.create(tmp_path_factory.mktemp("tls"))) as started:
        yield started


def make_document(issuer: LocalIssuer, **facts: object) -> bytes:
    identity = {
        "name": "ci-readers",
        "issuer": issuer.url,
        "claims": {"repository_id": "7"},
        "created": "2026-11-01T00:00:00Z",
        **facts,
    }
    return json.dumps({"tokens": TOKENS, "identities": [identity]}).encode()


class TrustingProxy:
    """Proxy in memory that trusts the keys of an issuer; it counts the fetches."""

    def __init__(self, issuer: LocalIssuer, **facts: object) -> None:
        self.issuer, self.fetched = issuer, list[str]()
        self.proxy = MemoryProxy(index_url=INDEX_URL)
        self.proxy.tokens = make_document(issuer, **facts)
        self.proxy.fetch_keys = self._fetch

    async def _fetch(self, issuer: str) -> IssuerKeySet:
        self.fetched.append(issuer)
        return parse_key_set(self.issuer.describe_keys(), issuer)

    def sign(self, **claims: object) -> str:
        return self.issuer.sign({"aud": INDEX_URL, "repository_id": "7", **claims})

    async def get_status(self, credential: str, path: str = PAGE) -> int:
        return (await self.proxy.ask(path, {"authorization": encode_basic(credential)})).status


async def test_an_id_token_is_a_password_a_user_name_and_a_bearer_token(
    issuer: LocalIssuer,
) -> None:
    index = TrustingProxy(issuer)
    token = index.sign()
    fields = (encode_basic(token), encode_basic("", user=token), f"Bearer {token}")
    answers = [await index.proxy.ask(PAGE, {"authorization": field}) for field in fields]
    assert [answer.status for answer in answers] == [200] * 3
    assert index.fetched == [issuer.url]


async def test_an_identity_reads_only_its_projects(issuer: LocalIssuer) -> None:
    index = TrustingProxy(issuer, projects=["beta*"])
    token = index.sign()
    assert await index.get_status(token, "/simple/beta/") == 200
    assert await index.get_status(token, PAGE) == 404
    answer = await index.proxy.ask(
        "/simple/",
        {"authorization": encode_basic(token), "accept": "application/vnd.pypi.simple.v1+json"},
    )
    assert [each["name"] for each in json.loads(answer.body)["projects"]] == ["beta"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"repository_id": "8"}, "no identity of this index has the claims of the ID token"),
        ({"aud": "https://other.example/"}, f"another audience: request one for {INDEX_URL}"),
        ({"exp": 1}, "the ID token has expired"),
    ],
)
async def test_the_response_names_the_reason(
    issuer: LocalIssuer, claims: dict[str, object], reason: str
) -> None:
    index = TrustingProxy(issuer)
    field = encode_basic(index.sign(**claims))
    answer = await index.proxy.ask(PAGE, {"authorization": field})
    assert (answer.status, answer.headers["www-authenticate"]) == (
        401,
        'Basic realm="gcpypi", charset="UTF-8"',
    )
    assert reason in answer.body.decode()


async def test_an_identity_ends_with_the_next_version_of_the_secret(issuer: LocalIssuer) -> None:
    index = TrustingProxy(issuer)
    token = index.sign()
    assert await index.get_status(token) == 200
    index.proxy.tokens = make_document(issuer, expires=datetime.now(UTC).isoformat())
    index.proxy.clock.now += 60
    assert await index.get_status(token) == 401


async def test_an_issuer_without_an_answer_is_a_fault_of_the_index(issuer: LocalIssuer) -> None:
    index = TrustingProxy(issuer)
    token = index.sign()

    async def fail(issuer: str) -> IssuerKeySet:
        raise Unavailable(issuer, "no answer")

    index.proxy.fetch_keys = fail
    answer = await index.proxy.ask(PAGE, {"authorization": encode_basic(token)})
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert await index.get_status(TOKEN) == 200


async def test_no_issuer_is_asked_for_tokens_and_other_credentials(issuer: LocalIssuer) -> None:
    index = TrustingProxy(issuer)
    wrong = ("gcpypi_wrong", "eyJ", "a.b.c", f"eyJ{'x' * 100_000}.a.b", "eyJ.a.b.c")
    statuses = [await index.get_status(each) for each in (TOKEN, NARROW, *wrong)]
    assert statuses == [200, 200, *[401] * len(wrong)]
    assert await index.get_status(index.sign(iss="https://unknown.example")) == 401
    assert index.fetched == []


async def test_without_an_audience_no_id_token_is_accepted(issuer: LocalIssuer) -> None:
    index = TrustingProxy(issuer)
    token = index.sign()
    plain = MemoryProxy()
    plain.tokens, plain.fetch_keys = make_document(issuer), index.proxy.fetch_keys
    answer = await plain.ask(PAGE, {"authorization": encode_basic(token)})
    assert (answer.status, index.fetched) == (401, [])


@pytest.fixture
def access_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> AccessLogReader:
    return AccessLogReader(capsys, caplog)


async def test_the_access_log_names_the_identity_and_never_has_the_id_token(
    issuer: LocalIssuer, access_log: AccessLogReader
) -> None:
    index = TrustingProxy(issuer)
    token = index.sign()
    await index.get_status(token)
    await index.get_status(TOKEN)
    await index.get_status(index.sign(exp=1))
    lines = access_log.read_lines()
    assert [(line.get("identity"), line.get("token"), line["status"]) for line in lines] == [
        ("ci-readers", None, 200),
        (None, "ci", 200),
        (None, None, 401),
    ]
    assert logging.getLevelName(logging.INFO) == lines[2]["severity"]
    for part in token.split("."):
        assert part not in access_log.text
