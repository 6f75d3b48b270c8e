"""HTTP server with prepared answers, in place of a REST API of Google Cloud."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import requests

from cloud.rest.google_api import RETRY, GoogleApi
from cloud.retry import Retry

Answer = tuple[int, Mapping[str, Any] | bytes]


class GoogleApiServer(ThreadingHTTPServer):
    """Server that gives its answers by method and path, each list in order, the last one again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, Any]] = []

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, call: str, *answers: Answer) -> None:
        """Prepare the answers of ``GET /path`` or ``POST /path``."""
        self.answers[call] = list(answers)


class _Handler(BaseHTTPRequestHandler):
    server: GoogleApiServer

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

    def _answer(self, body: object) -> None:
        call = f"{self.command} {self.path}"
        self.server.requests.append((call, body))
        missing: list[Answer] = [(404, {"error": {"message": f"no answer to {call}"}})]
        answers = self.server.answers.get(call, missing)
        status, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def create_retry() -> Retry:
    """Create the retry of the API, of which the pauses take no time."""
    seconds = [0.0]

    def advance(pause: float) -> None:
        seconds[0] += pause

    return replace(RETRY, sleep=advance, clock=lambda: seconds[0])


@contextmanager
def run_google_api() -> Iterator[tuple[GoogleApiServer, GoogleApi]]:
    """Run the server, and provide a client of it without credentials."""
    with GoogleApiServer() as server, requests.Session() as session:
        session.trust_env = False
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server, GoogleApi(session, server.origin, create_retry())
        finally:
            server.shutdown()
            thread.join()
