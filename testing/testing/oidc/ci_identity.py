"""ID tokens of GitHub Actions in memory, and the entry of their identity."""

import json
import time
from collections.abc import Mapping
from uuid import uuid4

from access.identities.json_web_keys import IssuerKeySet, parse_key_set
from testing.fakes.account_signer import find_key

GITHUB = "https://token.actions.githubusercontent.com"
IDENTITY: Mapping[str, object] = {
    "name": "acme-ci",
    "issuer": GITHUB,
    "claims": {"repository_id": "42", "repository_owner_id": "7", "environment": "pypi"},
    "scopes": ["publish"],
    "projects": ["acme-*"],
    "uploader": "acme",
    "created": "2026-11-01T00:00:00Z",
}
"""Entry of the document for the repository acme/tools, environment ``pypi``."""


class GithubTokens:
    """ID tokens of the repository acme/tools, environment ``pypi``.

    :param audience: the upload URL.
    :param key: name of the key of the issuer.
    """

    def __init__(self, audience: str, key: str = GITHUB) -> None:
        self._audience, self.key = audience, find_key(key)

    @property
    def keys(self) -> IssuerKeySet:
        """Published keys of the issuer."""
        return parse_key_set({"keys": [self.key.describe()]}, GITHUB)

    def sign(self, **claims: object) -> str:
        """Return a new ID token with these claims in place of the usual ones; None removes one."""
        now = int(time.time())
        usual = {
            "iss": GITHUB,
            "aud": self._audience,
            "sub": "repo:acme/tools:environment:pypi",
            "jti": str(uuid4()),
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "repository": "acme/tools",
            "repository_id": "42",
            "repository_owner_id": "7",
            "environment": "pypi",
            "ref": "refs/tags/v1",
        }
        payload = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return self.key.sign_jwt(json.dumps(payload))
