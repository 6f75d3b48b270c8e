"""A private index that is not ours: how wheels are uploaded to it, and how it is filled."""

from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.upload import upload
from testing.fakes.wheels import wheel, wheel_filename

USER, PASSWORD = "bench", "bench-password"
CLIENTS = 8


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
        filename, data = wheel_filename(project, version), wheel(project, version)
        upload(self.port, self.path, f"Basic {self.token}", filename, data)


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
