"""Description of the index, ``/.well-known/gcpypi.json``: settings, route, holders."""

import json
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from pydantic import ValidationError

from proxy.settings import Settings
from schemas import __version__
from schemas.discovery import IndexDescription
from testing.memory_proxy import NARROW, UPLOAD, MemoryProxy, encode_basic, make_entry
from unit.proxy.conftest import ProxyServer

DESCRIPTION = f"/{IndexDescription.path}"
REQUIRED = {
    "gcp_project": "acme-prod",
    "packages_bucket": "packages",
    "static_bucket": "static",
    "tokens_secret": "tokens",
}
NAMES = {
    "incoming_bucket": "in",
    "verdicts_bucket": "verdicts",
    "metadata_bucket": "records",
    "region": "europe-west1",
    "topics": {"file-uploaded": "uploads"},
    "cloud_run_services": {"ingest": "gcpypi-ingest", "proxy": "gcpypi-proxy"},
    "cloud_run_jobs": {"verify": "gcpypi-verify"},
    "upload_url": "https://upload.acme.example/legacy",
}
with_names = pytest.mark.settings(**NAMES)


@with_names
async def test_the_description_has_the_names_in_the_settings(proxy: MemoryProxy) -> None:
    answer = await proxy.ask(DESCRIPTION)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert IndexDescription.model_validate_json(answer.body) == IndexDescription(
        version=__version__,
        gcp_project="acme-prod",
        region="europe-west1",
        buckets={
            "incoming": "in",
            "packages": "packages",
            "verdicts": "verdicts",
            "metadata": "records",
            "static": "static",
        },
        topics={"file-uploaded": "uploads"},
        services={"ingest": "gcpypi-ingest", "proxy": "gcpypi-proxy"},
        jobs={"verify": "gcpypi-verify"},
        tokens_secret="tokens",
        upload_url="https://upload.acme.example/legacy/",
    )


async def test_names_that_the_proxy_does_not_know_are_absent(proxy: MemoryProxy) -> None:
    assert json.loads((await proxy.ask(DESCRIPTION)).body) == {
        "schema_version": 1,
        "version": __version__,
        "gcp_project": "acme-prod",
        "region": None,
        "buckets": {"packages": "packages", "static": "static"},
        "topics": {},
        "services": {},
        "jobs": {},
        "tokens_secret": "tokens",
        "upload_url": None,
    }


@pytest.mark.settings(incoming_bucket="", region="", upload_url="")
async def test_an_empty_setting_is_the_same_as_none(proxy: MemoryProxy) -> None:
    described = json.loads((await proxy.ask(DESCRIPTION)).body)
    assert described["buckets"].keys() == {"packages", "static"}
    assert (described["region"], described["upload_url"]) == (None, None)


@with_names
async def test_every_holder_reads_the_same_description(proxy: MemoryProxy) -> None:
    whole = await proxy.ask(DESCRIPTION)
    assert whole.status == 200
    for token in (NARROW, UPLOAD):
        assert await proxy.ask(DESCRIPTION, {"authorization": encode_basic(token)}) == whole


@pytest.mark.conformance(59)
@pytest.mark.parametrize("authorization", ["", encode_basic("wrong"), encode_basic("gcpypi_old")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_without_a_live_token_the_description_is_401(
    proxy: MemoryProxy, method: str, authorization: str
) -> None:
    answer = await proxy.ask(DESCRIPTION, {"authorization": authorization}, method)
    assert (answer.status, answer.headers["cache-control"]) == (401, "no-store")
    assert b"packages" not in answer.body


async def test_a_token_without_a_scope_finds_no_description(proxy: MemoryProxy) -> None:
    """A revoked token has no scope, and reads nothing even if the clock of the proxy is behind."""
    proxy.tokens = json.dumps({"tokens": [make_entry("revoked", "ci", scopes=[])]}).encode()
    answer = await proxy.ask(DESCRIPTION, {"authorization": encode_basic("revoked")})
    assert answer.status == 404


async def test_a_description_costs_no_storage_operation(proxy: MemoryProxy) -> None:
    assert (await proxy.ask(DESCRIPTION)).status == 200
    assert proxy.take_operation_count() == 0


@pytest.mark.parametrize("prefix", ["", "/python/internal"])
async def test_the_description_is_found_relative_to_the_url_of_the_index(
    proxy: MemoryProxy, prefix: str
) -> None:
    """A front end removes its prefix from the path."""
    index_url = f"https://acme.example{prefix}/simple/"
    path = urlsplit(urljoin(index_url, f"../{IndexDescription.path}")).path
    assert path.startswith(f"{prefix}/")
    assert (await proxy.ask(path.removeprefix(prefix))).status == 200


@pytest.mark.conformance(48, 51, 53)
def test_the_description_is_answered_over_http(server: ProxyServer) -> None:
    got, head = server.get(DESCRIPTION), server.head(DESCRIPTION)
    assert (got.status, head.status, head.body) == (200, 200, b"")
    assert head.headers["content-length"] == str(len(got.body))
    known = server.get(DESCRIPTION, {"If-None-Match": got.headers["etag"]})
    assert (known.status, known.body) == (304, b"")


@with_names
async def test_another_description_has_another_entity_tag(proxy: MemoryProxy) -> None:
    tags = {(await each.ask(DESCRIPTION)).headers["etag"] for each in (proxy, MemoryProxy())}
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        ("topics", {"file-uploaded": ""}, "at least 1 character"),
        ("cloud_run_jobs", ["gcpypi-verify"], "valid dictionary"),
        ("upload_url", "upload.acme.example/legacy/", "should be a URL"),
        ("upload_url", "https://ada:secret@acme.example/legacy/", "no credentials"),
    ],
)
def test_an_invalid_name_is_refused(setting: str, value: Any, problem: str) -> None:  # noqa: ANN401
    with pytest.raises(ValidationError, match=problem) as caught:
        Settings.model_validate({**REQUIRED, setting: value})
    assert [error["loc"][0] for error in caught.value.errors()] == [setting]


def test_the_names_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**REQUIRED, **NAMES}.items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(name.upper(), text)
    described = Settings().build_description()
    assert described == Settings.model_validate({**REQUIRED, **NAMES}).build_description()
    assert described.jobs == {"verify": "gcpypi-verify"}
