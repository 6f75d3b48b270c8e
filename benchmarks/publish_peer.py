"""A private index that is not ours: how wheels are uploaded to it, and how it is filled."""

import http.client
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from read_server import HOST, Absent

from testing.fakes.wheels import wheel, wheel_filename

USER, PASSWORD = "bench", "bench-password"
CLIENTS = 8
_BOUNDARY = "gcpypi-benchmark-boundary"


@dataclass
class Peer:
    """One that runs."""

    name: str
    port: int
    path: str
    """Where uploads are posted."""
    token: str
    """What follows ``Authorization: Basic``."""
    fill: Callable[["Peer", range], None]

    def upload(self, project: str, version: str) -> None:
        """Upload a wheel, as twine does."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
            "Authorization": f"Basic {self.token}",
        }
        connection.request("POST", self.path, _form(project, version), headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        if answer.status not in (200, 201):
            raise Absent(f"{self.name} answers an upload with {answer.status}: {said[:100]!r}")


def _form(project: str, version: str) -> bytes:
    """The upload of a wheel, as the public index documents it."""
    data, filename = wheel(project, version), wheel_filename(project, version)
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": project.replace("_", "-"),
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": sha256(data).hexdigest(),
    }
    disposition = "Content-Disposition: form-data; name"
    parts = [f'--{_BOUNDARY}\r\n{disposition}="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    parts.append(f'--{_BOUNDARY}\r\n{disposition}="content"; filename="{filename}"\r\n')
    head = "".join(parts) + "Content-Type: application/octet-stream\r\n\r\n"
    return head.encode() + data + f"\r\n--{_BOUNDARY}--\r\n".encode()


def basic(user: str, password: str) -> str:
    """Credentials as a header holds them."""
    return b64encode(f"{user}:{password}".encode()).decode()


def _filler(number: int) -> tuple[str, str]:
    """The project and version of a file that only fills the index: five a project."""
    return f"fill_{number // 5:05d}", f"1.{number % 5}"


def fill_by_upload(peer: Peer, numbers: range) -> None:
    """Fill a peer that takes files by upload only."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: peer.upload(*_filler(number)), numbers))


def fill_directory(directory: Path, numbers: range, nested: bool = False) -> None:
    """Fill a directory that a peer serves, with folders for project and version if ``nested``."""
    for number in numbers:
        project, version = _filler(number)
        folder = directory / project.replace("_", "-") / version if nested else directory
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheel_filename(project, version)).write_bytes(wheel(project, version))
