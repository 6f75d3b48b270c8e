"""Installations by real clients: ``make test-clients``, not part of ``make test``.

The tests use the whole runtime with old and new clients. They compare only the installed versions.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from clients.install_requests import InstallRequest
from clients.installers import Installer, Versions
from e2e.conftest import LocalIndex

pytestmark = pytest.mark.clients

Install = Callable[[str], Versions | None]


@pytest.fixture
def install(client: Installer, index: LocalIndex, tmp_path: Path) -> Install:
    """Function that installs a requirement with a client, into an empty directory."""
    return lambda requirement: client.install(
        InstallRequest(tmp_path, index.index_url, requirement)
    )


def test_a_project_is_installed_with_what_it_requires(install: Install) -> None:
    """Install the newest version that is neither yanked nor removed, by another spelling."""
    assert install("alpha-tool") == {"alpha_tool": "1.0", "beta_tool": "1.0"}


def test_a_yanked_version_is_installed_if_it_is_pinned(install: Install) -> None:
    assert install("beta-tool==1.1") == {"beta_tool": "1.1"}


def test_a_removed_version_is_not_to_be_had(install: Install) -> None:
    assert install("beta-tool==1.2") is None


def test_a_quarantined_project_offers_nothing(install: Install) -> None:
    assert install("gamma-tool") is None


def test_a_missing_project_is_not_to_be_had(install: Install) -> None:
    assert install("no-such-tool") is None


def test_a_local_version_is_found_behind_its_encoded_address(install: Install) -> None:
    assert install("delta-tool") == {"delta_tool": "1.0+cu1"}


def test_an_sdist_for_another_python_is_passed_over(install: Install) -> None:
    """The newest release has only an sdist, which a build would refuse later or not at all."""
    assert install("epsilon-tool") == {"epsilon_tool": "1.0"}
