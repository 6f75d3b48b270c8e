"""The whole runtime with the samples, tokens, clients, and the table of results."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from google.pubsub_v1 import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport

from access.token_store import TokenStore
from clients import matrix, publishing_matrix
from clients.installers import Installer, Missing, download_tools
from clients.publishing_tools import TOOLS as PUBLISHING_TOOLS
from clients.samples import COMMANDS, SAMPLES
from cloud import secrets
from e2e.conftest import LocalIndex, built_in, wait_until
from testing.processes import Process

__all__ = ["built_in"]

REFRESH = 90.0
"""Timeout in seconds for the proxy to read a new token."""
TOOLS = ("pip", "wheel", "setuptools", "packaging")
"""The tools that pip-audit downloads, and their requirements."""


@pytest.fixture(scope="session")
def index(built_in: LocalIndex, tmp_path_factory: pytest.TempPathFactory) -> LocalIndex:
    """The runtime with all samples, after all commands."""
    for sample in SAMPLES:
        built_in.upload_file(sample.filename, sample.data)
    tools = tmp_path_factory.mktemp("tools")
    download_tools(tools)
    for tool in tools.iterdir():
        built_in.upload_file(tool.name, tool.read_bytes())
        built_in.wait_for(tool.name.partition("-")[0], tool.name)
    for sample in SAMPLES:
        built_in.wait_for(sample.project, sample.filename)
    channel = grpc.insecure_channel(built_in.environment["PUBSUB_EMULATOR_HOST"])
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    topic = f"projects/{built_in.environment['CLOUDSDK_CORE_PROJECT']}/topics/project-command"
    for command in COMMANDS:
        message = {"data": json.dumps(command).encode()}
        publisher.publish(request={"topic": topic, "messages": [message]})
    wait_until(lambda: not built_in.list_filenames("gamma-tool"))
    wait_until(lambda: len(built_in.list_filenames("beta-tool")) == 2)
    time.sleep(3)  # the proxy serves a page from memory for two seconds
    return built_in


@pytest.fixture(scope="session")
def urls(index: LocalIndex) -> dict[str, str]:
    """URLs of the index with a wrong token, an expired token, and a token for one project."""
    environment = index.environment
    client = secrets.connect(environment["SECRET_MANAGER_EMULATOR_HOST"])
    secret = secrets.Secret(client, environment["CLOUDSDK_CORE_PROJECT"], "gcpypi-tokens")
    past = datetime.now(UTC) - timedelta(hours=2)
    expired = TokenStore(secret, lambda: past).create(
        "old", projects=("*",), scopes=("read",), expires_in=timedelta(hours=1)
    )
    narrow = TokenStore(secret, lambda: datetime.now(UTC)).create(
        "team", projects=("delta-*", *TOOLS), scopes=("read",), expires_in=None
    )
    deadline = time.monotonic() + REFRESH
    while index.get("/simple/delta-tool/", token=narrow)[0] != 200:
        assert time.monotonic() < deadline, f"the new token does not work after {REFRESH:g} s"
        time.sleep(1)
    tokens = {"wrong": "gcpypi_wrong", "expired": expired, "narrow": narrow}
    return {
        name: index.index_url.replace(environment["GCPYPI_TOKEN"], token)
        for name, token in tokens.items()
    }


@pytest.fixture(scope="session")
def secured(
    index: LocalIndex, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """URL of the index behind TLS, as in production, and the certificate to trust."""
    directory = tmp_path_factory.mktemp("tls")
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=index", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*make, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    scheme, _, rest = index.index_url.partition("://")
    port = re.findall(r":(\d+)/", rest)[0]
    program = Path(__file__).with_name("tls.py")
    command = [sys.executable, str(program), str(certificate), str(key), port]
    with Process(command, stdout=subprocess.PIPE) as front:
        assert front.stdout is not None
        own = front.stdout.readline().decode().strip()
        yield f"{scheme}s://{rest}".replace(f":{port}/", f":{own}/"), certificate


@pytest.fixture(params=matrix.CLIENTS, ids=lambda client: client.requirement)
def client(request: pytest.FixtureRequest) -> Installer:
    """Each client in turn; skip or expect failure for a known limitation."""
    installer: Installer = request.param
    try:
        installer.find_python()
    except Missing as missing:
        pytest.skip(str(missing))
    case = matrix.CASES.get(request.node.originalname, "")
    if cannot := matrix.CANNOT.get((installer.requirement, case)):
        if cannot.ask:
            assert installer.lacks(cannot.ask, cannot.word), (
                f"{installer.requirement} has {cannot.word} now: remove the entry of matrix.CANNOT"
            )
            pytest.skip(cannot.reason)
        request.applymarker(pytest.mark.xfail(reason=cannot.reason, strict=True))
    return installer


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables of results, with the reason for each missing one."""
    if cells := _collect_cells(terminalreporter, matrix.CASES, matrix.NAMES):
        terminalreporter.section("clients")
        terminalreporter.write(matrix.render_table(cells))
        _print_versions(terminalreporter, cells, matrix.CLIENTS)
    names = publishing_matrix.NAMES
    if cells := _collect_cells(terminalreporter, publishing_matrix.CASES, names):
        terminalreporter.section("publishing tools")
        terminalreporter.write(publishing_matrix.render_tools(cells))
        _print_versions(terminalreporter, cells, [tool.installer for tool in PUBLISHING_TOOLS])


def _collect_cells(
    reporter: pytest.TerminalReporter, cases: Mapping[str, str], names: Sequence[str]
) -> dict[tuple[str, str], str]:
    """Return the results by requirement and case."""
    cells: dict[tuple[str, str], str] = {}
    for outcome in ("passed", "skipped", "xfailed", "failed", "error"):
        for report in reporter.getreports(outcome):
            name, _, parameters = report.nodeid.rpartition("::")[2].partition("[")
            matches = [each for each in names if parameters.startswith(each)]
            if name in cases and matches:
                cells[max(matches, key=len), cases[name]] = _read_reason(outcome, report)
    return cells


def _print_versions(
    reporter: pytest.TerminalReporter,
    cells: Mapping[tuple[str, str], str],
    installers: Sequence[Installer],
) -> None:
    """Print the versions of the programs without a pinned one."""
    unpinned = {requirement for requirement, _ in cells if "==" not in requirement}
    newest = [c for c in installers if c.requirement in unpinned and c.is_available()]
    versions = ", ".join(f"{c.name} {c.read_version()}" for c in newest)
    reporter.write_line(f"newest: {versions}")


def _read_reason(outcome: str, report: pytest.TestReport) -> str:
    if outcome == "passed":
        return ""
    if outcome == "xfailed":
        return report.wasxfail
    if outcome == "skipped":
        return str(report.longrepr[2]).removeprefix("Skipped: ")  # type: ignore[index]  # a tuple then
    return "FAILED"
