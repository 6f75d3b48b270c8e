"""Four readers of a wheel: the walk of ``checks``, ``zipfile``, ``installer`` and uv.

Each returns the SHA-256 digest of each file by its name. Only some readers report directories.
"""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from checks.archive.budget import Budget
from checks.archive.source import Source
from checks.policy import Policy
from checks.refusal import Reason, Refused
from checks.zip.zip_reader import read_zip

Contents = dict[str, str]

UV = Path(sys.executable).parent / "uv"


class _AdmitAll:
    def visit(self, name: str, size: int) -> None:
        return None


def read_by_walk(data: bytes) -> Contents | None:
    """Read by the walk; return None if it refuses. Directories have the digest of no bytes."""
    try:
        members = read_zip(Source([data]), Budget(Policy(), Reason.ZIP_BOMB), _AdmitAll())
    except Refused:
        return None
    return {
        name.decode(): members[index].sha256.hex()
        for index, name in enumerate(members.iterate_names())
    }


def read_by_zipfile(data: bytes) -> Contents:
    """Read by ``zipfile``, directories included."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: compute_digest(archive.read(name)) for name in archive.namelist()}


def read_by_installer(path: Path) -> Contents:
    """Read by the library that other installers use.

    :raises ImportError: if it is not installed.
    """
    from installer.sources import WheelFile  # type: ignore[import-not-found, unused-ignore] # see above

    with WheelFile.open(path) as source:
        return {
            record[0]: compute_digest(stream.read()) for record, stream, _ in source.get_contents()
        }


def read_by_uv(requirement: str) -> Contents:
    """Return the files that uv unpacks into its cache, except RECORD, to which uv adds rows.

    :param requirement: a path, which uv reads by seeking, or ``name @ http://…``, which it streams.
    """
    with tempfile.TemporaryDirectory() as directory:
        cache, target = Path(directory, "cache"), Path(directory, "target")
        flags = ["--quiet", "--no-config", "--no-deps", "--no-index", "--python", sys.executable]
        where = ["--cache-dir", str(cache), "--target", str(target), "--link-mode", "copy"]
        done = subprocess.run(
            [str(UV), "pip", "install", *flags, *where, requirement],
            env={"PATH": os.environ["PATH"], "HOME": directory, "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (unpacked,) = (cache / "archive-v0").iterdir()
        return {
            str(path.relative_to(unpacked)): compute_digest(path.read_bytes())
            for path in unpacked.rglob("*")
            if path.is_file() and path.relative_to(unpacked).parts[1:] != ("RECORD",)
        }


def drop_directories(contents: Mapping[str, str]) -> Contents:
    """Return the contents without directories."""
    return {name: sha256 for name, sha256 in contents.items() if not name.endswith("/")}


def drop_record(contents: Mapping[str, str]) -> Contents:
    """Return the contents without RECORD, for comparison with :func:`read_by_uv`."""
    return {name: sha256 for name, sha256 in contents.items() if not name.endswith("/RECORD")}


def compute_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@contextmanager
def serve_wheels(wheels: Mapping[str, bytes]) -> Iterator[str]:
    """Serve wheels by path, without support for ranges, so that clients read sequentially."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            data = wheels.get(self.path.lstrip("/"))
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(wheels.get(self.path.lstrip("/"), b""))

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
