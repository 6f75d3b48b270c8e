"""Legacy sdists, from upload to page and download, with pip and uv on a loopback index."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from schemas.events import FileUploaded
from schemas.records import ProjectRecord
from testing.corpus.old_sdists import make_legacy_sdist
from testing.services.memory_index import MemoryIndex

FILES = {
    "My-Pkg-1.0.tar.gz": ("my-pkg", "1.0"),
    "my.pkg-1.1.tar.gz": ("my-pkg", "1.1"),
    "my-pkg-1.2-beta.tar.gz": ("my-pkg", "1.2b0"),
    "a-1-2.tar.gz": ("a-1", "2"),
}


@pytest.fixture(scope="module")
def index() -> MemoryIndex:
    index = MemoryIndex()
    for filename, (project, version) in FILES.items():
        data = make_legacy_sdist(
            filename.removesuffix(".tar.gz"), project, version, metadata_version="2.2", fields=()
        )
        index.buckets["incoming"].put(f"ci/1/{filename}", data)
        index.run(FileUploaded(bucket="incoming", name=f"ci/1/{filename}"))
    return index


@pytest.fixture(scope="module")
def url(index: MemoryIndex, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a web server with the pages and the files."""
    root = tmp_path_factory.mktemp("index")
    files = {f"packages/{name}": data for name, data in index.data("packages").items()}
    for name, data in {**files, **index.data("static")}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=root)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Log no requests."""


def _run(*command: str | Path, stdin: str = "") -> str:
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def test_a_record_has_the_release_of_the_file_name(index: MemoryIndex) -> None:
    records = (ProjectRecord.model_validate_json(data) for data in index.data("metadata").values())
    found = {
        file.filename: (file.project, file.version)
        for record in records
        for file in record.files.values()
    }
    assert found == FILES


def test_a_legacy_sdist_keeps_its_file_name(index: MemoryIndex) -> None:
    stored = {name for name in index.data("packages") if name.endswith(".tar.gz")}
    assert stored == set(FILES)


def test_pip_finds_every_version_on_the_page(url: str) -> None:
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check")
    found = _run(*pip, "index", "versions", "my-pkg", "--pre", "--index-url", url)
    assert "Available versions: 1.2b0, 1.1, 1.0\n" in found


@pytest.mark.parametrize("pin", ["my-pkg==1.0", "my-pkg==1.1", "my-pkg==1.2b0", "a-1==2"])
def test_uv_resolves_a_legacy_sdist(url: str, pin: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    resolve = ("pip", "compile", "-", "--no-header", "--no-annotate", "--no-cache", "--no-config")
    found = _run(uv, *resolve, "-p", sys.executable, "--index-url", url, stdin=f"{pin}\n")
    assert found == f"{pin}\n"
