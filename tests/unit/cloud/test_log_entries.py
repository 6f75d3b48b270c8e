"""Requests to Cloud Logging and its responses: ``cloud.log_entries``."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import requests
from pydantic import JsonValue

from cloud import log_entries
from cloud.errors import CloudError, NotFound, PermissionDenied, Unavailable
from cloud.log_entries import LogEntry, LogPage, LogReader

ENTRY = {
    "logName": "projects/acme-prod/logs/run.googleapis.com%2Fstdout",
    "timestamp": "2026-11-24T12:00:00.123456789Z",
    "receiveTimestamp": "2026-11-24T12:00:01Z",
    "jsonPayload": {"token": "ci", "status": 200},
}


class LoggingServer(HTTPServer):
    """Server with prepared answers. It keeps the bodies of the requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, Mapping[str, Any] | bytes]] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: LoggingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, json.loads(body)))
        status, answer = self.server.answers.pop(0)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[LoggingServer]:
    with LoggingServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def reader(server: LoggingServer) -> Iterator[LogReader]:
    with requests.Session() as session:
        session.trust_env = False
        yield LogReader("acme-prod", session, server.origin)


def test_the_newest_entries_of_a_query_are_returned(
    server: LoggingServer, reader: LogReader
) -> None:
    server.answers = [(200, {"entries": [ENTRY], "nextPageToken": "more"})]
    time = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
    payload: dict[str, JsonValue] = {"token": "ci", "status": 200}
    entry = LogEntry(timestamp=time, payload=payload, log=str(ENTRY["logName"]))
    assert reader.list_newest('jsonPayload.token="ci"') == LogPage((entry,), is_complete=False)
    assert server.requests == [
        (
            "/v2/entries:list",
            {
                "resourceNames": ["projects/acme-prod"],
                "filter": 'jsonPayload.token="ci"',
                "orderBy": "timestamp desc",
                "pageSize": 1000,
            },
        )
    ]


def test_an_empty_page_with_a_token_is_no_end_of_the_search(
    server: LoggingServer, reader: LogReader
) -> None:
    server.answers = [(200, {"nextPageToken": "1"}), (200, {"entries": []})]
    assert reader.list_newest("x") == LogPage((), is_complete=True)
    assert [body.get("pageToken") for _, body in server.requests] == [None, "1"]


def test_a_search_of_more_than_a_minute_is_unavailable(server: LoggingServer) -> None:
    server.answers = [(200, {"nextPageToken": "1"})] * 2
    times = iter((0.0, 0.0, 30.0, 60.0))
    with requests.Session() as session:
        session.trust_env = False
        reader = LogReader("acme-prod", session, server.origin, lambda: next(times))
        with pytest.raises(Unavailable, match="takes too long"):
            reader.list_newest("x")
    assert server.answers == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, PermissionDenied), (404, NotFound), (429, Unavailable), (500, Unavailable)],
)
def test_an_error_of_cloud_logging_is_a_cloud_error(
    server: LoggingServer, reader: LogReader, status: int, kind: type[CloudError]
) -> None:
    server.answers = [(status, {"error": {"message": "Permission denied for all log views"}})]
    with pytest.raises(kind, match=rf"logs of projects/acme-prod: {status}: .*all log views"):
        reader.list_newest("x")


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"entries":[{}]}'])
def test_an_unexpected_response_is_unavailable(
    server: LoggingServer, reader: LogReader, data: bytes
) -> None:
    server.answers = [(200, data)]
    with pytest.raises(Unavailable, match="unexpected response"):
        reader.list_newest("x")


def test_an_unreachable_cloud_logging_is_unavailable() -> None:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(Unavailable, match="logs of projects/acme-prod"):
            LogReader("acme-prod", session, "http://127.0.0.1:9").list_newest("x")


def test_without_credentials_cloud_logging_is_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/credentials.json")
    with pytest.raises(Unavailable, match=r"Cloud Logging: .*credentials"):
        log_entries.connect("acme-prod")
