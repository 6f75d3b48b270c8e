"""Installation with an ID token as the password, on the local runtime with the real pip."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.oidc.local_issuer import LocalIssuer
from testing.oidc.tls_files import TlsFiles

from .conftest import LocalIndex, make_bare_path, run_local_index

GCPYPI = (sys.executable, "-W", "error", "-m", "gcpypi")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalIssuer]:
    with LocalIssuer(TlsFiles.create(tmp_path_factory.mktemp("tls"))) as started:
        yield started


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, issuer: LocalIssuer) -> Iterator[LocalIndex]:
    """Runtime that trusts the authority of the issuer."""
    folder = tmp_path_factory.mktemp("runtime")
    path = make_bare_path(tmp_path_factory.mktemp("bin") / "bin")
    with run_local_index(folder, path, SSL_CERT_FILE=str(issuer.files.authority)) as started:
        yield started


def run_identity(index: LocalIndex, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*GCPYPI, "identity", *words],
        env={**index.environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def install(
    index: LocalIndex, python: Path, password: str, target: Path
) -> "subprocess.CompletedProcess[str]":
    shutil.rmtree(target, ignore_errors=True)
    host = index.index_url.partition("@")[2]
    url = f"http://__token__:{password}@{host}"
    words = ("-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check")
    return index.run(
        *(python, *words, "--index-url", url, "--target", target, "acmetool"), check=False
    )


def test_pip_installs_with_an_id_token_until_the_identity_is_removed(
    index: LocalIndex, issuer: LocalIssuer, python: Path, tmp_path: Path
) -> None:
    filename = wheel_filename("acmetool", "1.0")
    index.upload_file(filename, build_wheel("acmetool", "1.0"))
    index.wait_for("acmetool", filename)
    audience = f"http://{index.index_url.partition('@')[2]}"
    token = issuer.sign({"aud": audience, "repository_id": "7"})

    added = run_identity(index, "add", "ci", "--issuer", issuer.url, "--claim", "repository_id=7")
    assert (added.returncode, added.stdout) == (0, f"added ci repository_id=7 of {issuer.url}\n")

    def is_installed() -> bool:
        return install(index, python, token, tmp_path / "site").returncode == 0

    wait_for(is_installed)
    assert (tmp_path / "site" / "acmetool-1.0.dist-info").is_dir()
    other = issuer.sign({"aud": "https://other.example/", "repository_id": "7"})
    assert install(index, python, other, tmp_path / "site").returncode != 0
    status, body = index.get("/simple/acmetool/", token=other)
    assert (status, f"request one for {audience}" in body.decode()) == (401, True)

    assert run_identity(index, "remove", "ci").stdout == "removed ci repository_id=7\n"
    wait_for(lambda: not is_installed())
    names = {entry.get("identity") for entry in index.read_log_entries("proxy")}
    assert "ci" in names
    assert index.find_complaints() == []


def wait_for(probe: Callable[[], bool]) -> None:
    """Wait until the proxy has read the next version of the secret."""
    deadline = time.monotonic() + 600
    while not probe():
        assert time.monotonic() < deadline, "no effect of the change within the time limit"
        time.sleep(1)
