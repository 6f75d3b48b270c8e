"""Index for ``gcpypi publish`` on loopback: strict Cloud Storage, and pages over HTTP.

A hook of the storage takes the place of the services: it decides on each upload at once.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from schemas.discovery import IndexDescription
from schemas.layout import locate_verdict
from schemas.verdict_documents import Verdict
from testing.storage import FakeStorage, StorageServer

TOKEN = "gcpypi_reader"
DESCRIPTION = IndexDescription(
    version="1",
    gcp_project="gcpypi-local",
    buckets={"incoming": "incoming", "verdicts": "verdicts"},
    topics={"file-uploaded": "file-uploaded"},
)


@dataclass
class ServedIndex:
    """Running index, and what it does with uploads."""

    storage: FakeStorage
    url: str = ""
    pages: dict[str, dict[str, str]] = field(default_factory=dict)
    """SHA-256 by file name, by project."""
    refusals: dict[str, str] = field(default_factory=dict)
    """Reason by file name."""
    is_idle: bool = False
    """True if no upload gets a verdict."""
    is_listing: bool = True
    """True if accepted files get on the page."""
    denies: bool = False
    """True if every request for a page is answered with 401."""

    def build_environment(self, description: Path | None = None) -> dict[str, str]:
        """Return the variables of the command."""
        known = {"GCPYPI_DESCRIPTION": str(description)} if description else {}
        return {
            "STORAGE_EMULATOR_HOST": self.storage.origin,
            "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
            "GCPYPI_INDEX_URL": self.url,
            "GCPYPI_TOKEN": TOKEN,
            **known,
        }

    def list_uploads(self) -> list[str]:
        """Return the names of the objects in the incoming bucket."""
        return sorted(self.storage.bucket("incoming").live)

    def decide(self, operation: str, bucket: str, name: str) -> None:
        """Write the verdict on a new object, and list it."""
        if (operation, bucket) != ("objects.insert", "incoming") or self.is_idle:
            return
        if name not in self.storage.bucket(bucket).live:  # the upload failed
            return
        version = self.storage.get("incoming", name)
        filename = name.rpartition("/")[2]
        reason = self.refusals.get(filename)
        verdict = Verdict(
            outcome="refused" if reason else "accepted",
            bucket="incoming",
            name=name,
            generation=version.generation,
            time=datetime.now(UTC),
            reason=reason,
            detail="Build it again." if reason else None,
        )
        address = locate_verdict(name, version.generation)
        self.storage.insert("verdicts", address, verdict.model_dump_json().encode())
        if not reason and self.is_listing:
            project = filename.partition("-")[0]
            digest = (version.attributes.metadata or {})["sha256"]
            self.pages.setdefault(project, {})[filename] = digest

    def answer(self, path: str) -> bytes | None:
        """Return the body of a page, or None."""
        if path.endswith(IndexDescription.path):
            return DESCRIPTION.model_dump_json().encode()
        project = path.strip("/").rpartition("/")[2]
        if project not in self.pages:
            return None
        files = [
            {"filename": name, "url": f"../../packages/{name}", "hashes": {"sha256": digest}}
            for name, digest in self.pages[project].items()
        ]
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": [], "files": files}
        return json.dumps(page).encode()


@contextmanager
def serve_index() -> Iterator[ServedIndex]:
    """Serve an index during the ``with`` block."""
    with StorageServer() as storage_server:
        index = ServedIndex(storage_server.storage)
        for bucket in ("incoming", "verdicts"):
            index.storage.create_bucket(bucket)
        index.storage.after = index.decide
        with _serve_pages(index):
            yield index


@contextmanager
def _serve_pages(index: ServedIndex) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = index.answer(self.path)
            status = 401 if index.denies else 404 if body is None else 200
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(body or b"") if status == 200 else 0))
            self.end_headers()
            if status == 200:
                self.wfile.write(body or b"")

        def log_message(self, format: str, *arguments: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        index.url = f"http://127.0.0.1:{server.server_port}/simple/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
