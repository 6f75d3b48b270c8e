"""Requests of Renovate and Dependabot, with each form of a token, over real HTTP."""

import logging
from base64 import b64encode

import pytest

from testing.memory_proxy import (
    JSON,
    TOKEN,
    V1_HTML,
    WHEEL,
    AccessLogReader,
    MemoryProxy,
    encode_basic,
)
from unit.proxy.conftest import ProxyServer

PAGE = "/simple/alpha-pkg/"
RENOVATE = {
    "User-Agent": "RenovateBot/43.9.1 (https://github.com/renovatebot/renovate)",
    "Accept": f"{JSON}, {V1_HTML}; q=0.1, text/html; q=0.01",
    "Accept-Encoding": "gzip, deflate, br",
}
DEPENDABOT = {"User-Agent": "dependabot-core/0.350.0 excon/1.3.2 ruby/3.4.7", "Accept": "*/*"}
RENOVATE_FORMS = {
    "token": f"Bearer {TOKEN}",
    "token from a file": f"Bearer {TOKEN} ",
    "password": encode_basic(user=""),
    "username and password": encode_basic(user="renovate"),
    "username": encode_basic("", user=TOKEN),
    "username from a file": encode_basic("", user=f"{TOKEN}\n"),
}
"""Fields by the properties of a rule in ``hostRules``."""
DEPENDABOT_FORMS = {
    "token: TOKEN": encode_basic("", user=TOKEN),
    "token: user:TOKEN": encode_basic(user="user"),
    "token: Base64 of echo user:TOKEN": encode_basic(f"{TOKEN}\n", user="user"),
    "username, password": encode_basic(user="dependabot"),
}
"""Fields by the entry in ``registries``."""


@pytest.mark.conformance(60)
@pytest.mark.parametrize("field", RENOVATE_FORMS.values(), ids=RENOVATE_FORMS)
@pytest.mark.parametrize("target", [PAGE, "/pypi/alpha-pkg/json", f"/packages/{WHEEL}"])
def test_renovate_reads_with_each_form_of_a_rule(
    server: ProxyServer, target: str, field: str
) -> None:
    assert server.raw("GET", target, {**RENOVATE, "Authorization": field}).status == 200


@pytest.mark.conformance(60)
@pytest.mark.parametrize("field", DEPENDABOT_FORMS.values(), ids=DEPENDABOT_FORMS)
@pytest.mark.parametrize("target", [PAGE, "/pypi/alpha-pkg/json", f"/packages/{WHEEL}"])
def test_dependabot_reads_with_each_form_of_a_registry(
    server: ProxyServer, target: str, field: str
) -> None:
    assert server.raw("GET", target, {**DEPENDABOT, "Authorization": field}).status == 200


@pytest.mark.conformance(59)
@pytest.mark.parametrize("field", ["Bearer gcpypi_old", f"Token {TOKEN}", f"Bearer {TOKEN[:-1]}"])
def test_a_wrong_credential_is_401_in_any_form(server: ProxyServer, field: str) -> None:
    answer = server.raw("GET", PAGE, {"Authorization": field})
    challenge = 'Basic realm="gcpypi", charset="UTF-8"'
    assert (answer.status, answer.headers["www-authenticate"]) == (401, challenge)


@pytest.mark.conformance(63)
async def test_no_form_of_a_credential_is_logged(
    proxy: MemoryProxy, access_log: AccessLogReader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = "gcpypi_WrongSecret"
    for secret in (TOKEN, wrong):
        for field in (
            f"Bearer {secret}\n",
            encode_basic(secret),
            encode_basic("", user=secret),
            f"Digest {secret}",
            f"Basic {secret}",
        ):
            await proxy.ask(PAGE, {"authorization": field})
    proxy.static.remove("simple/alpha-pkg/index.html")
    await proxy.ask(PAGE, {"authorization": f"Bearer {TOKEN}"}, "BREW")
    lines = access_log.read_lines()
    assert [line.get("token") for line in lines] == ["ci"] * 3 + [None] * 7 + ["ci"]
    encoded = [b64encode(s.encode()).decode()[:-4] for s in (TOKEN, wrong, f"{TOKEN}:")]
    everything = f"{access_log.text} {caplog.text}"
    assert [text for text in (TOKEN, wrong, *encoded) if text in everything] == []
