"""Credentials for an index: those of its URL, a token of Google, or ``.netrc``."""

from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from requests import PreparedRequest
from requests.auth import AuthBase, HTTPBasicAuth

from cloud.errors import CloudError
from cloud.identity import READ_CLOUD, AccessToken
from gcpypi.errors import CommandFailure, ExitCode

ARTIFACT_REGISTRY = "-python.pkg.dev"
"""End of the host names of Artifact Registry."""
TOKEN_USER = "oauth2accesstoken"  # noqa: S105 - a user name
"""User name of Artifact Registry for an access token of Google as password."""


def split_credentials(url: str) -> tuple[str, AuthBase | None]:
    """Return the URL without credentials and ending in a slash, and its credentials.

    Without credentials requests reads ``.netrc``.

    :raises CommandFailure: if it is not a URL of HTTP.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise CommandFailure(
            "SOURCE is neither a directory nor a URL: use a path, gs://bucket/raw/ or "
            "https://host/simple/"
        )
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path, query="", fragment="")
    return urlunsplit(plain), _choose_credentials(parts)


def _choose_credentials(parts: SplitResult) -> AuthBase | None:
    if parts.username is not None:
        login = HTTPBasicAuth(unquote(parts.username), unquote(parts.password or ""))
        return SameOriginAuth(_get_origin(parts), login)
    if (parts.hostname or "").endswith(ARTIFACT_REGISTRY):
        return SameOriginAuth(_get_origin(parts), GoogleAuth(AccessToken(READ_CLOUD)))
    return None


@dataclass(frozen=True)
class SameOriginAuth(AuthBase):
    """Credentials for the index itself. A page can have links to other hosts."""

    origin: tuple[str, str]
    login: AuthBase

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the credentials if the request is for the origin of the index."""
        is_own = _get_origin(urlsplit(request.url or "")) == self.origin
        if is_own:
            self.login(request)
        return request


@dataclass(frozen=True)
class GoogleAuth(AuthBase):
    """Application default credentials, as Artifact Registry accepts them."""

    token: AccessToken

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add a valid access token.

        :raises CommandFailure: if there are no credentials.
        """
        try:
            value = self.token.get_value()
        except CloudError as error:
            raise CommandFailure(
                f"no credentials for Artifact Registry ({error.detail}): run gcloud auth "
                "application-default login",
                ExitCode.UNAVAILABLE,
            ) from error
        HTTPBasicAuth(TOKEN_USER, value)(request)
        return request


def _get_origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
