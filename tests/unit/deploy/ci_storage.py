"""Fake Cloud Storage with the rights that Terraform grants to an uploader.

An uploader may create objects under its prefix in ``incoming``, and read objects under its prefix
in ``verdicts``. As in Cloud Storage, the answer without the list
permission is "forbidden", never "not found", and overwriting needs the delete permission.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "token-of-acme"


class CiStorage(ThreadingHTTPServer):
    """Server with its uploaded objects."""

    def __init__(self, verdict: dict[str, str], misses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.verdict, self.misses = verdict, misses
        self.objects: dict[str, tuple[dict[str, Any], bytes]] = {}
        self.verdicts_read: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve_ci_storage(verdict: dict[str, str], misses: int = 0) -> Iterator[CiStorage]:
    """Serve during the ``with`` block; the first ``misses`` reads of a verdict fail."""
    with CiStorage(verdict, misses) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: CiStorage
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        resource = json.loads(self._body())
        address = urlsplit(self.path)
        name = parse_qs(address.query)["name"][0]
        creates = parse_qs(address.query).get("ifGenerationMatch") == ["0"]
        if address.path != "/upload/storage/v1/b/incoming/o" or not self._may("acme/", name):
            self._answer(403, {"error": "no storage.objects.create"})
        elif not creates:
            self._answer(403, {"error": "no storage.objects.delete"})
        else:
            self._answer(
                200, {}, f"{self.server.url}/session/{json.dumps([name, resource]).encode().hex()}"
            )

    def do_PUT(self) -> None:
        name, resource = json.loads(bytes.fromhex(self.path.rpartition("/")[2]))
        data = self._body()
        if name in self.server.objects:
            self._answer(412, {"error": "conditionNotMet"})
            return
        self.server.objects[name] = (resource, data)
        self._answer(200, {"name": name, "generation": "1795500102873944"})

    def do_GET(self) -> None:
        name = unquote(urlsplit(self.path).path.removeprefix("/storage/v1/b/verdicts/o/"))
        self.server.verdicts_read.append(name)
        is_late = len(self.server.verdicts_read) <= self.server.misses
        if is_late or not self._may("acme/", name):
            self._answer(403, {"error": "no storage.objects.list"})
        else:
            self._answer(200, self.server.verdict)

    def _may(self, prefix: str, name: str) -> bool:
        return self.headers["Authorization"] == f"Bearer {TOKEN}" and name.startswith(prefix)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, body: dict[str, Any], location: str | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Print nothing."""
