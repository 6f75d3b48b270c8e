"""What clients do where not all is well, and when they come again: ``make test-clients``."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients.check_clients import INSTALLERS, index
from clients.installers import Installer, Missing, Versions
from cloud import secrets
from cloud.tokens import TokenRegister
from e2e.conftest import Runtime, built_in
from fakes.wheels import wheel

__all__ = ["built_in", "index"]

REFRESH = 90.0
"""Seconds within which the proxy knows of a new token for sure."""


@pytest.fixture(scope="module")
def tokens(index: Runtime) -> dict[str, str]:
    """Tokens that are wrong, have expired, or are for one project only; and when they are known."""
    known = index.environment
    client = secrets.connect(known["SECRET_MANAGER_EMULATOR_HOST"])
    secret = secrets.Secret(client, known["CLOUDSDK_CORE_PROJECT"], "gcpypi-tokens")
    past = datetime.now(UTC) - timedelta(hours=2)
    hour = timedelta(hours=1)
    everything = ("*",)
    old = TokenRegister(secret, lambda: past).create(
        "old", projects=everything, scopes=("read",), expires_in=hour
    )
    narrow = TokenRegister(secret, lambda: datetime.now(UTC)).create(
        "team", projects=("delta-*",), scopes=("read",), expires_in=None
    )
    deadline = time.monotonic() + REFRESH
    while index.get("/simple/delta-tool/", token=narrow)[0] != 200:
        assert time.monotonic() < deadline, "the new token never worked"
        time.sleep(1)
    return {"wrong": "gcpypi_wrong", "expired": old, "narrow": narrow}


@pytest.fixture(params=INSTALLERS, ids=lambda installer: installer.requirement)
def client(request: pytest.FixtureRequest) -> Installer:
    installer: Installer = request.param
    try:
        installer.executable()
    except Missing as missing:
        pytest.skip(str(missing))
    return installer


def with_token(index: Runtime, token: str) -> str:
    """The index's address with another token in it."""
    return index.index_url.replace(index.environment["GCPYPI_TOKEN"], token)


def test_a_missing_project_is_not_to_be_had(
    client: Installer, index: Runtime, tmp_path: Path
) -> None:
    assert client.install(tmp_path, index.index_url, "no-such-tool") is None


@pytest.mark.parametrize("which", ["wrong", "expired"])
def test_without_a_live_token_nothing_is_installed(
    client: Installer, index: Runtime, tokens: dict[str, str], tmp_path: Path, which: str
) -> None:
    assert client.install(tmp_path, with_token(index, tokens[which]), "delta-tool") is None


def test_a_project_out_of_scope_is_not_to_be_had(
    client: Installer, index: Runtime, tokens: dict[str, str], tmp_path: Path
) -> None:
    url = with_token(index, tokens["narrow"])
    assert client.install(tmp_path, url, "beta-tool") is None


def test_a_project_in_scope_is(
    client: Installer, index: Runtime, tokens: dict[str, str], tmp_path: Path
) -> None:
    found = client.install(tmp_path, with_token(index, tokens["narrow"]), "delta-tool")
    assert found == {"delta_tool": "1.0+cu1"}


def option(client: Installer, index: Runtime, where: Path, *words: str) -> Versions | None:
    """Install with further words on the command line, by pip or uv."""
    if client.name not in ("pip", "uv"):
        pytest.skip(f"{client.name} has no such option")
    return client.install(where, index.index_url, *words)


@pytest.mark.parametrize(("digest", "good"), [("right", True), ("0" * 64, False)])
def test_hashes_that_are_required_are_checked(
    client: Installer, index: Runtime, tmp_path: Path, digest: str, good: bool
) -> None:
    data = wheel("delta_tool", "1.0+cu1")
    expected = hashlib.sha256(data).hexdigest() if good else digest
    required = tmp_path / "required.txt"
    required.write_text(f"delta-tool==1.0+cu1 --hash=sha256:{expected}\n")
    found = option(client, index, tmp_path, "--require-hashes", "-r", str(required))
    assert found == ({"delta_tool": "1.0+cu1"} if good else None)


@pytest.mark.parametrize(("cut_off", "is_there"), [("2099-01-01", True), ("2020-01-01", False)])
def test_a_cut_off_date_hides_what_came_later(
    client: Installer, index: Runtime, tmp_path: Path, cut_off: str, is_there: bool
) -> None:
    if client.requirement not in ("pip", "pip==26.1", "uv"):
        pytest.skip(f"{client.requirement} has no such option, as far as is known")
    words = "--exclude-newer" if client.name == "uv" else "--uploaded-prior-to"
    found = option(client, index, tmp_path, f"{words}={cut_off}T00:00:00Z", "delta-tool")
    assert found == ({"delta_tool": "1.0+cu1"} if is_there else None)


def files_fetched(index: Runtime) -> int:
    lines = index.lines("proxy")
    return sum(str(line.get("path")).startswith("/packages/") for line in lines)


def test_a_warm_install_fetches_no_file_again(
    client: Installer, index: Runtime, tmp_path: Path
) -> None:
    """Into two places, with one cache between them."""
    if client.name == "pdm":
        pytest.skip("pdm keeps nothing that is private")
    if client.requirement == "pip==20.3.4":
        pytest.skip("pip 20.3.4 asks for the file again, as was observed")
    requirement = "delta-tool"
    cache = tmp_path / "cache"
    fetched = []
    for place in (tmp_path / "cold", tmp_path / "warm"):
        place.mkdir()
        before = files_fetched(index)
        found = client.install(place, index.index_url, requirement, cache=cache)
        assert found == {"delta_tool": "1.0+cu1"}
        fetched.append(files_fetched(index) - before)
    assert (fetched[0] > 0, fetched[1]) == (True, 0)
