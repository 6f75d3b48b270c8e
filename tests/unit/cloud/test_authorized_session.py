"""Credentials, retries and errors of requests to Cloud Storage."""

import gzip
from collections.abc import Iterator

import pytest
from google.auth.credentials import Credentials
from google.auth.exceptions import RefreshError, TransportError

from cloud.errors import (
    MissingBucket,
    MissingCredentials,
    PermissionDenied,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from cloud.json_requests.authorized_session import AuthorizedSession
from cloud.json_requests.curl_transport import CurlRequest, CurlResponse, CurlTransport
from testing.storage import Fault, StorageServer

SUBJECT = "gs://b/a"


class Tokens(Credentials):
    """Credentials with a new token after each refresh.

    :param failures: exceptions of the next refreshes.
    """

    def __init__(self, *failures: Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth's
        self.refreshes, self._failures = 0, list(failures)
        if not failures:
            self.token = "first"

    def refresh(self, request: object) -> None:
        self.refreshes += 1
        if self._failures:
            raise self._failures.pop(0)
        self.token = f"token-{self.refreshes}"


class RecordingCurl(CurlTransport):
    """Transport that records the ``Authorization`` of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str | None] = []

    def send(self, request: CurlRequest) -> CurlResponse:
        self.sent.append(request.fields.get("authorization"))
        return super().send(request)


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        running.storage.create_bucket("b")
        running.storage.insert("b", "a", b"1")
        yield running


@pytest.fixture
def transport(server: StorageServer) -> Iterator[RecordingCurl]:
    server.storage.faults.clear()
    server.storage.counts.clear()
    transport = RecordingCurl()
    yield transport
    transport.close()


def get(server: StorageServer, credentials: Credentials, transport: CurlTransport) -> bytes:
    request = CurlRequest("GET", f"{server.url}/storage/v1/b/b/o/a?alt=media")
    return AuthorizedSession(credentials, transport).request(SUBJECT, request).body


def fail(server: StorageServer, status: int, times: int = 1) -> None:
    server.storage.faults.add(Fault(operation="objects.download", status=status, times=times))


def test_each_request_has_the_token(server: StorageServer, transport: RecordingCurl) -> None:
    assert get(server, Tokens(), transport) == b"1"
    assert transport.sent == ["Bearer first"]


def test_a_refused_token_is_renewed_once(server: StorageServer, transport: RecordingCurl) -> None:
    fail(server, 401)
    assert get(server, Tokens(), transport) == b"1"
    assert transport.sent == ["Bearer first", "Bearer token-1"]


def test_a_token_that_stays_refused_is_a_missing_permission(
    server: StorageServer, transport: RecordingCurl
) -> None:
    fail(server, 401, times=2)
    with pytest.raises(PermissionDenied, match="gs://b/a: 401"):
        get(server, Tokens(), transport)
    assert len(transport.sent) == 2


def test_an_unreachable_token_server_is_asked_again(
    server: StorageServer, transport: RecordingCurl
) -> None:
    credentials = Tokens(TransportError("no route"))  # type: ignore[no-untyped-call]  # google-auth's
    assert get(server, credentials, transport) == b"1"
    assert credentials.refreshes == 2


def test_refused_credentials_are_missing_at_once(
    server: StorageServer, transport: RecordingCurl
) -> None:
    credentials = Tokens(RefreshError("account disabled"))  # type: ignore[no-untyped-call]  # google-auth's
    with pytest.raises(MissingCredentials, match=r"gs://b/a: .*disabled"):
        get(server, credentials, transport)
    assert (credentials.refreshes, transport.sent) == (1, [])


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_transient_status_is_retried(
    server: StorageServer, transport: RecordingCurl, status: int
) -> None:
    fail(server, status)
    assert get(server, Tokens(), transport) == b"1"
    assert len(transport.sent) == 2


@pytest.mark.parametrize(
    ("status", "error"), [(412, PreconditionFailed), (429, TooManyRequests), (501, Unavailable)]
)
def test_a_final_status_is_raised_at_once(
    server: StorageServer, transport: RecordingCurl, status: int, error: type[Exception]
) -> None:
    fail(server, status)
    with pytest.raises(error, match=f"gs://b/a: {status}"):
        get(server, Tokens(), transport)
    assert len(transport.sent) == 1


class CompressingCurl(CurlTransport):
    """Transport whose errors are compressed, as a front end of Google may do."""

    def send(self, request: CurlRequest) -> CurlResponse:
        body = gzip.compress(b'{"error": {"message": "The specified bucket does not exist."}}')
        return CurlResponse(404, (b"Content-Encoding: gzip\r\n",), body)


def test_the_message_of_a_compressed_error_is_read() -> None:
    session = AuthorizedSession(Tokens(), CompressingCurl())
    with pytest.raises(MissingBucket, match="The specified bucket does not exist"):
        session.request(SUBJECT, CurlRequest("GET", "http://127.0.0.1/"))
