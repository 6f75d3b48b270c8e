"""Sessions for the requests to an index, and the causes of their failures."""

import re

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

TIMEOUT = (5.0, 60.0)
"""Seconds to connect, and seconds between two bytes."""
_QUERY = re.compile(r"(?<=\S)\?[^\s'\"]+")
"""Query of a URL in a message. It can have a signature or a token."""
_NEWEST = {"Cache-Control": "no-cache"}
"""Field for the newest page, and not one that the index has in memory (RFC 9111 §5.2.1.4)."""
_RETRY = Retry(
    total=3,
    connect=1,
    backoff_factor=0.3,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    raise_on_status=False,
)


def create_session(connections: int) -> requests.Session:
    """Create a session that repeats failed requests.

    :param connections: connections that are kept for later requests; one for each thread.
    """
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=connections, max_retries=_RETRY))
    return session


class PageRequests:
    """Requests of the newest pages of one host, prepared once.

    For each request, requests would read the proxies and the CA bundle of the environment again,
    and prepare the same header fields. Both take nearly as long as the request itself.

    :param url: a URL of the host.
    :param accept: the wanted media types.
    """

    def __init__(self, session: requests.Session, url: str, accept: str) -> None:
        request = requests.Request("GET", url, headers={"Accept": accept, **_NEWEST})
        self._session, self._request = session, session.prepare_request(request)
        self._environment = session.merge_environment_settings(url, {}, None, None, None)

    def get(self, url: str) -> requests.Response:
        """Request a URL of the host, and follow no redirect."""
        request = self._request.copy()
        request.prepare_url(url, None)
        return self._session.send(
            request, timeout=TIMEOUT, allow_redirects=False, **self._environment
        )


def name_cause(error: Exception) -> str:
    """Return the cause of an error without queries of URLs and addresses of Python objects."""
    response = error.response if isinstance(error, requests.RequestException) else None
    if response is not None:
        return f"{response.status_code} {response.reason}"
    cause: object = error.args[0] if len(error.args) == 1 else error
    text = str(getattr(cause, "reason", cause)).rpartition(">: ")[2] or type(error).__name__
    return _QUERY.sub("?…", text)
