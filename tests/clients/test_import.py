"""``gcpypi import`` of a running pypiserver and a running devpi, with 50 files each."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import requests

from benchmarks.harness.server_process import HOST
from benchmarks.peers.peer import Peer
from benchmarks.peers.publish_servers import PEERS
from e2e.conftest import LocalIndex, python
from e2e.conftest import built_in as runtime
from testing.corpus.tarball import Tar, pack_tar
from testing.fakes.small_wheels import build_wheel, wheel_filename

__all__ = ["python", "runtime"]

pytestmark = pytest.mark.clients

VERSIONS = ("1.0", "1.1")
WHEELS = tuple(f"tool_{number}" for number in range(20))
LEGACY = ("My-Legacy", "zope.legacy", "old_under", "Mixed.Case-name", "plain")
"""Projects of sdists with names from before PEP 625."""
BACKEND = "setuptools>=70.1"
"""First release with a bdist_wheel of its own, which pip needs for the metadata of an sdist."""
JSON = "application/vnd.pypi.simple.v1+json"


def build_legacy_sdist(name: str, version: str) -> bytes:
    """Build an sdist of distutils that setuptools can still build."""
    folder = f"{name}-{version}"
    pkg_info = f"Metadata-Version: 1.0\nName: {name}\nVersion: {version}\nSummary: UNKNOWN\n"
    setup = f"from setuptools import setup\nsetup(name={name!r}, version={version!r})\n"
    members = {"PKG-INFO": pkg_info, "setup.py": setup}
    return pack_tar(*(Tar(f"{folder}/{k}".encode(), v.encode()) for k, v in members.items()))


def make_files(prefix: str) -> dict[tuple[str, str], tuple[str, bytes]]:
    """Return 50 files, by project and version, each with its name."""
    wheels = {
        (f"{prefix}_{name}", version): (
            wheel_filename(f"{prefix}_{name}", version),
            build_wheel(f"{prefix}_{name}", version, metadata="Requires-Python: >=3.8\n"),
        )
        for name in WHEELS
        for version in VERSIONS
    }
    sdists = {
        (f"{prefix}-{name}", version): (
            f"{prefix}-{name}-{version}.tar.gz",
            build_legacy_sdist(f"{prefix}-{name}", version),
        )
        for name in LEGACY
        for version in VERSIONS
    }
    return wheels | sdists


@dataclass(frozen=True)
class FilledPeer:
    """Running index with the files."""

    url: str
    read_times: Callable[[str], Mapping[str, datetime]]
    """Returns the upload times of a project's files, as the index itself states them."""


@contextmanager
def run_pypiserver(folder: Path) -> Iterator[FilledPeer]:
    with PEERS["pypiserver"](folder) as peer:
        for (project, version), (name, data) in make_files("pypiserver").items():
            upload(peer, project, version, name, data)
        yield FilledPeer(f"http://{HOST}:{peer.port}/simple/", lambda project: {})


@contextmanager
def run_devpi(folder: Path) -> Iterator[FilledPeer]:
    with PEERS["devpi"](folder) as peer:
        for (project, version), (name, data) in make_files("devpi").items():
            upload(peer, project, version, name, data)
        base = f"http://{HOST}:{peer.port}{peer.path}"

        def read_times(project: str) -> Mapping[str, datetime]:
            request = Request(base + project, headers={"Accept": "application/json"})  # noqa: S310
            with urlopen(request, timeout=60) as response:  # noqa: S310 - loopback
                releases = json.load(response)["result"].values()
            links = [link for release in releases for link in release["+links"]]
            return {
                link["href"].rpartition("/")[2]: datetime(*link["log"][0]["when"]).replace(
                    tzinfo=UTC
                )
                for link in links
            }

        yield FilledPeer(f"{base}+simple/", read_times)


def upload(peer: Peer, project: str, version: str, filename: str, data: bytes) -> None:
    """Upload a file by the legacy API, as twine does."""
    wheel = filename.endswith(".whl")
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "1.0",
        "name": project.replace("_", "-"),
        "version": version,
        "filetype": "bdist_wheel" if wheel else "sdist",
        "pyversion": "py3" if wheel else "source",
    }
    response = requests.post(
        f"http://{HOST}:{peer.port}{peer.path}",
        fields,
        files={"content": (filename, data)},
        headers={"Authorization": f"Basic {peer.token}"},
        timeout=60,
    )
    assert response.status_code == 200, response.text


@pytest.fixture(scope="module")
def builder(python: Path) -> Path:
    """Interpreter of an environment that reads the metadata of legacy sdists without a network."""
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, BACKEND], check=True, timeout=600)
    return python


def import_index(index: LocalIndex, url: str, *options: str) -> tuple[int, dict[str, object]]:
    command = [str(Path(sys.executable).with_name("gcpypi")), "import", "--json", *options, url]
    done = subprocess.run(
        command, env=index.environment, capture_output=True, text=True, timeout=600
    )
    print(done.stderr)
    return done.returncode, json.loads(done.stdout)


def download(index_url: str, python: Path, prefix: str, folder: Path) -> dict[str, bytes]:
    """Download all files with pip; return them by name."""
    for version in VERSIONS:
        wanted = [f"{name}=={version}" for name, known in make_files(prefix) if known == version]
        command = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
        command += ["--no-build-isolation", "--index-url", index_url, "--dest", str(folder)]
        environment = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull}
        subprocess.run([*command, *wanted], check=True, env=environment, timeout=600)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def read_index_times(index: LocalIndex, project: str) -> dict[str, datetime]:
    page = json.loads(index.get(f"/simple/{project}/", JSON)[1])
    return {file["filename"]: datetime.fromisoformat(file["upload-time"]) for file in page["files"]}


@pytest.mark.parametrize(("name", "run"), [("pypiserver", run_pypiserver), ("devpi", run_devpi)])
def test_an_import_ends_with_equal_indexes(
    name: str,
    run: Callable[[Path], Iterator[FilledPeer]],
    runtime: LocalIndex,
    builder: Path,
    tmp_path: Path,
) -> None:
    start = datetime.now(UTC)
    with run(tmp_path / name) as peer:  # type: ignore[attr-defined] # a context manager
        code, done = import_index(runtime, peer.url)
        files = done["files"]
        assert isinstance(files, list)
        assert (code, done["differences"], len(files)) == (0, [], 50)
        assert {file["outcome"] for file in files} == {"imported"}

        original = download(peer.url, builder, name, tmp_path / "original")
        for project in {re.sub(r"[-_.]+", "-", file["project"]) for file in files}:
            stated, found = peer.read_times(project), read_index_times(runtime, project)
            assert stated == found if stated else min(found.values()) > start

        code, done = import_index(runtime, peer.url)
        assert (code, done["differences"]) == (0, [])
        assert {file["outcome"] for file in done["files"]} == {"already there"}  # type: ignore[attr-defined]

    assert original == dict(make_files(name).values())
    assert download(runtime.index_url, builder, name, tmp_path / "imported") == original
    environment = {**runtime.environment, "GCP_PROJECT": "gcpypi-local"}
    verify = [sys.executable, "-m", "publisher", "verify"]
    verified = subprocess.run(verify, env=environment, capture_output=True, text=True, timeout=600)
    assert (verified.returncode, runtime.find_complaints()) == (0, []), verified.stdout
