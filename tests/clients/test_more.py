"""Clients with other tokens, digests, dates, lock files and caches: ``make test-clients``."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from clients.install_requests import InstallRequest
from clients.installers import Installer
from clients.samples import ALPHA, BETA, DELTA
from e2e.conftest import LocalIndex

pytestmark = pytest.mark.clients


def test_with_a_wrong_token_nothing_is_installed(
    client: Installer, urls: dict[str, str], tmp_path: Path
) -> None:
    assert client.install(InstallRequest(tmp_path, urls["wrong"], "delta-tool")) is None


def test_with_an_expired_token_nothing_is_installed(
    client: Installer, urls: dict[str, str], tmp_path: Path
) -> None:
    assert client.install(InstallRequest(tmp_path, urls["expired"], "delta-tool")) is None


def test_a_project_out_of_scope_is_not_to_be_had(
    client: Installer, urls: dict[str, str], tmp_path: Path
) -> None:
    assert client.install(InstallRequest(tmp_path, urls["narrow"], "beta-tool")) is None


def test_a_project_in_scope_is(client: Installer, urls: dict[str, str], tmp_path: Path) -> None:
    found = client.install(InstallRequest(tmp_path, urls["narrow"], "delta-tool"))
    assert found == {"delta_tool": "1.0+cu1"}


@pytest.mark.parametrize("good", [True, False], ids=["right", "wrong"])
def test_a_digest_that_is_required_is_checked(
    client: Installer, index: LocalIndex, tmp_path: Path, good: bool
) -> None:
    """Require the digest by an option, or by a lock file for a client without one."""
    digest = DELTA.digest if good else "0" * 64
    install_request = InstallRequest(
        tmp_path, index.index_url, "delta-tool==1.0+cu1", digest=digest
    )
    assert client.install(install_request) == ({"delta_tool": "1.0+cu1"} if good else None)


@pytest.mark.parametrize(("year", "is_there"), [(2099, True), (2020, False)])
def test_a_cut_off_date_hides_what_came_later(
    client: Installer, index: LocalIndex, tmp_path: Path, year: int, is_there: bool
) -> None:
    install_request = InstallRequest(
        tmp_path, index.index_url, "delta-tool", cut_off=date(year, 1, 1)
    )
    assert client.install(install_request) == ({"delta_tool": "1.0+cu1"} if is_there else None)


def test_a_lock_file_has_digests_and_no_credentials(
    client: Installer, index: LocalIndex, tmp_path: Path
) -> None:
    """Install from the lock file too."""
    lock, installed = client.lock(InstallRequest(tmp_path, index.index_url, "alpha-tool"))
    assert installed == {"alpha_tool": "1.0", "beta_tool": "1.0"}
    assert [sample for sample in (ALPHA, BETA) if sample.digest not in lock] == []
    assert index.environment["GCPYPI_TOKEN"] not in lock
    assert "__token__" not in lock


def test_pipx_installs_a_program_that_runs(index: LocalIndex, tmp_path: Path) -> None:
    Installer("uv", "uv").find_python()
    pipx = Installer("pipx", "pipx")
    assert pipx.install(InstallRequest(tmp_path, index.index_url, "alpha-tool")) is not None
    done = subprocess.run([tmp_path / "bin/alpha-tool"], capture_output=True, text=True, check=True)
    assert done.stdout == "alpha-tool 1.0\n"


def count_downloads(index: LocalIndex) -> int:
    lines = index.read_log_entries("proxy")
    return sum(str(line.get("path")).startswith("/packages/") for line in lines)


def test_a_warm_install_fetches_no_file_again(
    client: Installer, index: LocalIndex, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Install into two directories, with one cache."""
    url, authority = index.index_url, None
    if client.name == "pip":  # which caches little or nothing without TLS
        url, authority = request.getfixturevalue("secured")
    downloads = []
    for directory in (tmp_path / "cold", tmp_path / "warm"):
        directory.mkdir()
        before = count_downloads(index)
        install_request = InstallRequest(
            directory, url, "delta-tool", cache=tmp_path / "cache", authority=authority
        )
        assert client.install(install_request) == {"delta_tool": "1.0+cu1"}
        downloads.append(count_downloads(index) - before)
    assert (downloads[0] > 0, downloads[1]) == (True, 0)
