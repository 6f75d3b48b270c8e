"""What people's clients make of the pages: ``make test-clients``, not part of ``make test``.

The whole runtime, and real clients against it, old and new. Nothing is taken for granted about how
they read: what they installed is what counts.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from clients.installers import Installer, Missing, Versions
from e2e.conftest import Runtime, built_in, eventually
from fakes.wheels import wheel

__all__ = ["built_in"]

INSTALLERS = (
    Installer("pip", "pip==20.3.4", python="3.9"),
    Installer("pip", "pip==22.3.1"),
    Installer("pip", "pip==23.0.1"),
    Installer("pip", "pip==26.1"),
    Installer("pip", "pip"),
    Installer("uv", "uv"),
    Installer("poetry", "poetry"),
    # With the dependencies it was released with: it does not run with the newest of each.
    Installer("pdm", "pdm[locked]"),
)
WHEELS = (
    ("alpha_tool", "1.0", "Requires-Dist: Beta.Tool>=1\n"),
    ("beta_tool", "1.0", ""),
    ("beta_tool", "1.1", ""),
    ("beta_tool", "1.2", ""),
    ("gamma_tool", "1.0", ""),
    ("delta_tool", "1.0+cu1", ""),
)
COMMANDS = (
    {"action": "yank", "project": "beta-tool", "version": "1.1", "reason": 'a "bad" <release>'},
    {"action": "remove", "project": "beta-tool", "version": "1.2"},
    {"action": "set-status", "project": "gamma-tool", "status": "quarantined"},
)

Install = Callable[[str], Versions | None]


@pytest.fixture(scope="module")
def index(built_in: Runtime) -> Runtime:
    """The runtime with all these wheels, and the commands obeyed."""
    for name, version, metadata in WHEELS:
        built_in.drop(f"{name}-{version}-py3-none-any.whl", wheel(name, version, metadata=metadata))
    for name, version, _ in WHEELS:
        built_in.wait_for(name.replace("_", "-"), f"{name}-{version}-py3-none-any.whl")
    channel = grpc.insecure_channel(built_in.environment["PUBSUB_EMULATOR_HOST"])
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    topic = f"projects/{built_in.environment['CLOUDSDK_CORE_PROJECT']}/topics/project-command"
    for command in COMMANDS:
        message = {"data": json.dumps(command).encode()}
        publisher.publish(request={"topic": topic, "messages": [message]})
    eventually(lambda: not built_in.filenames("gamma-tool"))
    eventually(lambda: len(built_in.filenames("beta-tool")) == 2)
    time.sleep(3)  # the proxy serves a page from memory for two seconds
    return built_in


@pytest.fixture(params=INSTALLERS, ids=lambda installer: installer.requirement)
def install(request: pytest.FixtureRequest, index: Runtime, tmp_path: Path) -> Install:
    """Install a requirement with a client, into an empty place."""
    installer: Installer = request.param
    try:
        installer.executable()
    except Missing as missing:
        pytest.skip(str(missing))
    return lambda requirement: installer.install(tmp_path, index.index_url, requirement)


def test_a_project_is_installed_with_what_it_requires(install: Install) -> None:
    """The newest that is neither yanked nor removed; by another spelling of its name."""
    assert install("alpha-tool") == {"alpha_tool": "1.0", "beta_tool": "1.0"}


def test_a_yanked_version_is_installed_if_it_is_pinned(install: Install) -> None:
    assert install("beta-tool==1.1") == {"beta_tool": "1.1"}


def test_a_removed_version_is_not_to_be_had(install: Install) -> None:
    assert install("beta-tool==1.2") is None


def test_a_quarantined_project_offers_nothing(install: Install) -> None:
    assert install("gamma-tool") is None


def test_a_local_version_is_found_behind_its_encoded_address(install: Install) -> None:
    assert install("delta-tool") == {"delta_tool": "1.0+cu1"}
