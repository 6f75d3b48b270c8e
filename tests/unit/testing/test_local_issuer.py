"""OpenID provider of the tests: ``testing.oidc.local_issuer``, ``testing.oidc.tls_files``."""

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path

import jwt
import pytest

from testing.oidc.local_issuer import DISCOVERY, LocalIssuer
from testing.oidc.tls_files import TlsFiles


def fetch(url: str, context: ssl.SSLContext) -> dict[str, object]:
    with urllib.request.urlopen(url, context=context, timeout=600) as answer:  # noqa: S310 - https
        content: dict[str, object] = json.load(answer)
    return content


def test_a_client_verifies_an_id_token_by_the_published_keys(tmp_path: Path) -> None:
    with LocalIssuer(TlsFiles.create(tmp_path)) as issuer:
        context = issuer.files.create_client_context()
        found = fetch(issuer.url + DISCOVERY, context)
        keys = jwt.PyJWKSet.from_dict(fetch(str(found["jwks_uri"]), context))
        for kid in ("rsa", "ec"):
            token = issuer.sign({"aud": "index", "sub": "ci"}, kid=kid)
            claims = jwt.decode(token, keys[kid], audience="index", issuer=issuer.url)
            assert claims["sub"] == "ci"


def test_a_client_without_the_authority_does_not_trust_the_issuer(tmp_path: Path) -> None:
    with (
        LocalIssuer(TlsFiles.create(tmp_path)) as issuer,
        pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        fetch(issuer.url + DISCOVERY, ssl.create_default_context())
