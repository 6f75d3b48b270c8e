"""Rules of the claims of an OIDC identity: required claims, and matches of patterns.

https://openid.net/specs/openid-connect-core-1_0.html#IDToken
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from schemas.holders.holder import PUBLISH

EXACT_CLAIMS = ("repository_id", "project_id", "email", "sub")
"""Claims that name one repository, project or account. An identity has one of them exactly."""
PATTERN_CLAIMS = ("ref", "environment", "sub", "job_workflow_ref")
"""Claims that an identity can give as a shell pattern."""
GITHUB_HOST = "token.actions.githubusercontent.com"
GITHUB_PATH = "/_services/token"
"""End of the issuer's path on a GitHub Enterprise server."""
GHE_HOST = re.compile(r"token\.actions\.[^.]+\.ghe\.com", re.ASCII)
"""Host of the issuer of an enterprise on GHE.com: token.actions.SUBDOMAIN.ghe.com."""
_WILDCARDS = frozenset("*?[")


def find_identity_fault(
    issuer: str, claims: Mapping[str, str], scopes: tuple[str, ...], uploader: str | None
) -> str | None:
    """Return the reason why an identity is not safe; None if it is."""
    if not is_issuer(issuer):
        return f"the issuer {issuer!r} should be a URL https://HOST without query and credentials"
    for name, value in claims.items():
        if not name or not value:
            return f"the claim {name or 'without a name'!r} should have a name and a value"
        if name not in PATTERN_CLAIMS and _WILDCARDS & set(value):
            return f"the claim {name!r} can have no pattern; {_list(PATTERN_CLAIMS)} can"
    if not any(has_exact_claim(claims, name) for name in EXACT_CLAIMS):
        return f"an exact claim is missing: one of {_list(EXACT_CLAIMS)}"
    if PUBLISH in scopes and not uploader:
        return "an uploader is missing, as which the identity publishes"
    if PUBLISH in scopes and is_github(issuer) and not claims.keys() & {"ref", "environment"}:
        return (
            "a publishing identity of GitHub needs the claim ref or environment: pull requests of "
            "forks have the ids of the repository too"
        )
    return None


def has_exact_claim(claims: Mapping[str, str], name: str) -> bool:
    """Return whether the identity has this claim without a pattern."""
    value = claims.get(name, "")
    return value != "" and not _WILDCARDS & set(value)


def is_issuer(url: str) -> bool:
    """Return whether ``url`` has the form of an issuer: https, a host, no query, no credentials."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" ?#@\\")
    return parts.scheme == "https" and has_place and is_plain


def is_github(issuer: str) -> bool:
    """Return whether the issuer is GitHub Actions: github.com, GHE.com or an Enterprise server."""
    parts = urlsplit(issuer)
    host = parts.hostname or ""
    is_cloud = host == GITHUB_HOST or GHE_HOST.fullmatch(host) is not None
    return is_cloud or parts.path.rstrip("/").endswith(GITHUB_PATH)


def matches_claims(patterns: Mapping[str, str], claims: Mapping[str, object]) -> bool:
    """Return whether the claims of an ID token have all claims of an identity.

    A missing claim, or one that is no string, never matches. An email must be verified.
    """
    return all(_matches_claim(name, pattern, claims) for name, pattern in patterns.items())


def _matches_claim(name: str, pattern: str, claims: Mapping[str, object]) -> bool:
    value = claims.get(name)
    if not isinstance(value, str) or (name == "email" and claims.get("email_verified") is not True):
        return False
    return value == pattern or (name in PATTERN_CLAIMS and matches_pattern(value, pattern))


def matches_pattern(value: str, pattern: str) -> bool:
    """Return whether a shell pattern matches; no wildcard matches ``/``."""
    values, patterns = value.split("/"), pattern.split("/")
    return len(values) == len(patterns) and all(map(fnmatchcase, values, patterns))


def _list(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
