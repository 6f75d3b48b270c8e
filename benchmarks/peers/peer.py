"""Another private index: upload of wheels, and content before the measurement."""

from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.legacy_upload import upload
from testing.fakes.small_wheels import build_wheel, wheel_filename

USER, PASSWORD = "bench", "bench-password"
CLIENTS = 8


@dataclass
class Peer:
    """A running index."""

    name: str
    port: int
    path: str
    """Path for uploads."""
    token: str
    """Credentials after ``Authorization: Basic``."""
    fill: Callable[["Peer", range], None]

    def upload(self, project: str, version: str) -> None:
        """Upload a wheel, as twine does."""
        filename, data = wheel_filename(project, version), build_wheel(project, version)
        upload(self.port, self.path, f"Basic {self.token}", filename, data)


def encode_basic(user: str, password: str) -> str:
    """Encode credentials for a header field."""
    return b64encode(f"{user}:{password}".encode()).decode()


def _name_filler(number: int) -> tuple[str, str]:
    """Return project and version of a file that only fills the index: five per project."""
    return f"fill_{number // 5:05d}", f"1.{number % 5}"


def fill_by_upload(peer: Peer, numbers: range) -> None:
    """Fill a peer that takes files by upload only."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: peer.upload(*_name_filler(number)), numbers))


def fill_directory(directory: Path, numbers: range, nested: bool = False) -> None:
    """Fill a directory that a peer serves, with folders for project and version if ``nested``."""
    for number in numbers:
        project, version = _name_filler(number)
        folder = directory / project.replace("_", "-") / version if nested else directory
        folder.mkdir(parents=True, exist_ok=True)
        (folder / wheel_filename(project, version)).write_bytes(build_wheel(project, version))
