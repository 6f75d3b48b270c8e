"""HTTP requests by libcurl, with connections that stay open between requests."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import certifi
import pycurl
import requests

_CONNECT = 5
"""Seconds to connect."""
_STALL = 60
"""Seconds between two bytes."""
_BUFFER = 128 * 1024
"""Most bytes that libcurl reads at once. Each read calls Python."""

NO_FIELDS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class CurlRequest:
    """Request with its whole body in memory."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: str
    fields: Mapping[str, str] = field(default_factory=lambda: NO_FIELDS, repr=False)
    """Header fields. They can have an access token."""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class CurlResponse:
    """Response with its whole body in memory."""

    status: int
    """0 if the connection broke before the status line."""
    lines: tuple[bytes, ...]
    """Status line and header fields, as received."""
    body: bytes = field(repr=False)

    def get_field(self, name: bytes) -> str:
        """Return the value of a header field; empty if it is absent.

        The values of a repeated field are joined by commas (RFC 9110, 5.3).

        :param name: the name in lower case, with its colon.
        """
        found = (line for line in self.lines if line[: len(name)].lower() == name)
        return b",".join(line[len(name) :].strip() for line in found).decode("latin-1")


class BrokenResponse(Exception):
    """Connection that broke, or a request without a complete response in time.

    :param received: the part that arrived.
    """

    def __init__(self, detail: str, received: CurlResponse) -> None:
        super().__init__(detail)
        self.received = received


class CurlTransport:
    """Connections for all threads of a process.

    A handle of libcurl keeps its connection. The handle that was used last is taken first, so the
    number of connections is that of the requests at the same time.

    The trusted authorities are those of google-auth: ``REQUESTS_CA_BUNDLE``, or certifi's.
    """

    def __init__(self) -> None:
        self._handles: deque[pycurl.Curl] = deque()
        self._authorities = _find_authorities()

    def send(self, request: CurlRequest) -> CurlResponse:
        """Send a request and wait for the whole response, of any status.

        libcurl itself repeats a request on a connection that the server had closed.

        :raises BrokenResponse: if the response is not complete.
        """
        handle = self._take_handle()
        lines: list[bytes] = []
        pieces: list[bytes] = []
        try:
            self._set_options(handle, request)
            handle.setopt(pycurl.HEADERFUNCTION, lines.append)
            handle.setopt(pycurl.WRITEFUNCTION, pieces.append)
            try:
                handle.perform()
            except pycurl.error as error:
                raise BrokenResponse(_describe(error), _build(handle, lines, pieces)) from error
            return _build(handle, lines, pieces)
        finally:
            handle.reset()  # releases the bytes; the connection stays open
            self._handles.append(handle)

    def close(self) -> None:
        """Close the connections that no request uses."""
        while self._handles:
            self._handles.pop().close()

    def _take_handle(self) -> pycurl.Curl:
        try:
            return self._handles.pop()
        except IndexError:
            return pycurl.Curl()

    def _set_options(self, handle: pycurl.Curl, request: CurlRequest) -> None:
        handle.setopt(pycurl.URL, request.url)
        handle.setopt(pycurl.PATH_AS_IS, 1)  # a message can name an object ".."
        handle.setopt(pycurl.HTTPHEADER, [f"{k}: {v}" for k, v in request.fields.items()])
        handle.setopt(pycurl.CAINFO, self._authorities)
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.BUFFERSIZE, _BUFFER)
        handle.setopt(pycurl.NOSIGNAL, 1)  # required in threads
        handle.setopt(pycurl.CONNECTTIMEOUT, _CONNECT)
        handle.setopt(pycurl.LOW_SPEED_LIMIT, 1)
        handle.setopt(pycurl.LOW_SPEED_TIME, _STALL)
        if request.method in ("POST", "PUT"):
            handle.setopt(pycurl.POSTFIELDS, request.body)
        if request.method in ("PUT", "DELETE"):
            handle.setopt(pycurl.CUSTOMREQUEST, request.method)


def _find_authorities() -> str:
    """Return the file with the certificates of the trusted authorities."""
    with requests.Session() as session:
        settings = session.merge_environment_settings("https://", {}, None, None, None)
    verify = settings["verify"]
    return verify if isinstance(verify, str) else certifi.where()


def _build(handle: pycurl.Curl, lines: list[bytes], pieces: list[bytes]) -> CurlResponse:
    status = int(handle.getinfo(pycurl.RESPONSE_CODE))
    return CurlResponse(status, tuple(lines), pieces[0] if len(pieces) == 1 else b"".join(pieces))


def _describe(error: pycurl.error) -> str:
    code, message = error.args
    return f"{message} (libcurl {code})"
