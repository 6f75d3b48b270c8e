"""Client of the pages of an index, over requests and pypi-simple."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import requests
from packaging.utils import canonicalize_name
from pydantic import BaseModel

from gcpypi.connection.http_sessions import TIMEOUT, PageRequests, create_session, name_cause
from gcpypi.errors import CommandFailure, ExitCode
from schemas.discovery import IndexDescription
from schemas.types import NewerSchemaVersion

if TYPE_CHECKING:
    from pypi_simple import ProjectPage, PyPISimple

CONNECTIONS = 64
"""Connections that are kept for later requests, at most one for each thread."""


_JSON = "application/vnd.pypi.simple.v1+json"
_ACCEPT = f"{_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"


class _ListedFile(BaseModel):
    filename: str
    hashes: Mapping[str, str] = {}


class _Listing(BaseModel):
    """Part of a project page in JSON (PEP 691)."""

    files: Sequence[_ListedFile]


class IndexClient:
    """Pages of an index, for the holder of credentials.

    Every method raises :class:`CommandFailure` if the index does not answer or denies the access.

    :param url: the URL of the simple API without credentials, ending in a slash.
    :param credentials: user name and password; None: those of ``.netrc``, if there are any.
    """

    def __init__(self, url: str, credentials: tuple[str, str] | None) -> None:
        self.url = url
        self.password = credentials[1] or credentials[0] if credentials else None
        """Token of the reader, if the settings have one."""
        self._session = create_session(CONNECTIONS)
        self._session.auth = credentials

    @cached_property
    def _simple(self) -> "PyPISimple":
        """Client of pypi-simple. Its import takes as long as that of all other modules."""
        from pypi_simple import PyPISimple

        return PyPISimple(self.url, session=self._session)

    @cached_property
    def _page_requests(self) -> PageRequests:
        return PageRequests(self._session, self.url, _ACCEPT)

    @classmethod
    def from_url(cls, url: str, token: str | None) -> Self:
        """Create a client of a URL that can have credentials. ``token`` precedes them.

        :raises CommandFailure: if the URL is not that of a simple API.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise CommandFailure(f"{_hide(url)} is not a URL: use https://host/simple/")
        in_url = (unquote(parts.username or ""), unquote(parts.password or ""))
        netloc = parts.netloc.rpartition("@")[2]
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        plain = urlunsplit((parts.scheme, netloc, path, "", ""))
        return cls(plain, ("__token__", token) if token else in_url if any(in_url) else None)

    def describe(self) -> IndexDescription | None:
        """Return the description of the index, or None if the index has none."""
        response = self.get(urljoin(self.url, f"../{IndexDescription.path}"))
        if response.status_code == requests.codes.not_found:
            return None
        try:
            return IndexDescription.model_validate_json(_require_success(response).content)
        except NewerSchemaVersion as error:
            raise CommandFailure(f"{response.url}: {error}", ExitCode.UNAVAILABLE) from error
        except ValueError as error:
            raise CommandFailure(
                f"{response.url} is not the description of an index: check GCPYPI_INDEX_URL",
                ExitCode.UNAVAILABLE,
            ) from error

    def find_project(self, project: str) -> "ProjectPage | None":
        """Return the page of a project (PEP 691), or None if the index has no such project.

        With an upstream index, the proxy redirects the pages of unknown projects to it.
        """
        response = self._find_page(project)
        return self._parse_page(response, project) if response else None

    def find_digests(self, project: str) -> Mapping[str, str] | None:
        """Return the SHA-256 of each file on the page of a project by file name, or None.

        It is for many requests: a page in JSON is read without pypi-simple.
        """
        response = self._find_page(project)
        if response is None:
            return None
        if response.headers.get("content-type", "").partition(";")[0] != _JSON:
            packages = self._parse_page(response, project).packages
            return {each.filename: each.digests.get("sha256", "") for each in packages}
        try:
            listing = _Listing.model_validate_json(response.content)
        except ValueError as error:
            raise CommandFailure(
                f"{response.url} is not the page of a project (PEP 691): check GCPYPI_INDEX_URL",
                ExitCode.UNAVAILABLE,
            ) from error
        return {each.filename: each.hashes.get("sha256", "") for each in listing.files}

    def _find_page(self, project: str) -> requests.Response | None:
        try:
            response = self._request_page(f"{self.url}{canonicalize_name(project)}/")
            if response is None or response.status_code == requests.codes.not_found:
                return None
            response.raise_for_status()
        except requests.RequestException as error:
            raise _explain(self.url, error) from error
        return response

    def _parse_page(self, response: requests.Response, project: str) -> "ProjectPage":
        from pypi_simple import ProjectPage
        from pypi_simple.errors import UnsupportedContentTypeError

        try:
            return ProjectPage.from_response(response, project)
        except (UnsupportedContentTypeError, ValueError) as error:
            raise _explain(self.url, error) from error

    def _request_page(self, url: str) -> requests.Response | None:
        """Request a page, and follow redirects within its host; None for one to another host.

        A redirect from HTTPS to HTTP, or to another port, is one to another host.
        """
        for _ in range(self._session.max_redirects):
            response = self._page_requests.get(url)
            if not response.is_redirect:
                return response
            url = urljoin(url, response.headers["Location"])
            if self._is_foreign(url):
                return None
        raise requests.TooManyRedirects(f"{url} redirects again and again")

    def list_projects(self) -> Sequence[str]:
        """Return the names of all projects that the credentials can read."""
        from pypi_simple.errors import UnsupportedContentTypeError

        try:
            return self._simple.get_index_page(timeout=TIMEOUT).projects
        except requests.HTTPError as error:
            if error.response.status_code == requests.codes.not_found and self.describe():
                return ()  # an index without a project
            raise _explain(self.url, error) from error
        except (requests.RequestException, UnsupportedContentTypeError, ValueError) as error:
            raise _explain(self.url, error) from error

    def get(self, url: str, accept: str = "*/*") -> requests.Response:
        """Request a URL of the index, and return the response of any status.

        A URL of another host, such as a link of a page, gets no credentials.

        :param accept: the wanted media types.
        """
        auth = _omit_credentials if self._is_foreign(url) else None
        try:
            return self._session.get(url, timeout=TIMEOUT, auth=auth, headers={"Accept": accept})
        except requests.RequestException as error:
            raise _explain(self.url, error) from error

    def _is_foreign(self, url: str) -> bool:
        return bool(self._session.should_strip_auth(self.url, url))  # type: ignore[no-untyped-call]

    def require_success(self, response: requests.Response) -> None:
        """Raise :class:`CommandFailure` with the remedy for a response of another status."""
        _require_success(response)


def _omit_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _require_success(response: requests.Response) -> requests.Response:
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        raise _explain(response.url, error) from error
    return response


def _explain(url: str, error: Exception) -> CommandFailure:
    """Return the failure of a request as a sentence with its remedy."""
    response = error.response if isinstance(error, requests.RequestException) else None
    if response is None:
        text = f"the index {url} does not answer: {name_cause(error)}"
    elif response.status_code in (requests.codes.unauthorized, requests.codes.forbidden):
        text = (
            f"the index {url} refuses the credentials ({response.status_code}): set GCPYPI_TOKEN "
            "to a live token"
        )
    elif response.status_code == requests.codes.not_found:
        text = (
            f"the index {url} answers 404 {response.reason}: check GCPYPI_INDEX_URL, which ends in "
            "/simple/"
        )
    else:
        text = f"the index {url} answers {response.status_code} {response.reason}: try again later"
    return CommandFailure(text, ExitCode.UNAVAILABLE)


def _hide(url: str) -> str:
    """Return a URL without its credentials."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
