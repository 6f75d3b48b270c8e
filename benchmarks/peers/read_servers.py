"""Start of the peers on the same wheels, in the fastest way of each and without a log-in."""

import json
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from benchmarks.harness.server_process import (
    HOST,
    HTML,
    JSON,
    Command,
    NotMeasurable,
    ServerProcess,
    Target,
    fetch,
    run_process,
)
from benchmarks.harness.testbed import Testbed
from benchmarks.peers.environment import install_peer, run_program
from benchmarks.peers.legacy_upload import upload
from local import topology
from testing.processes import find_free_port

PASSWORD = "bench-password"  # noqa: S105 - for the loopback
_LINK = re.compile(r'href="([^"#]+\.whl)(?:#[^"]*)?"')


@dataclass(frozen=True)
class PeerInputs:
    """Inputs for the start of a peer."""

    testbed: Testbed
    upstream: str
    """URL of the same index without a log-in, for peers that are only a cache."""


def find_targets(simple: str) -> Mapping[str, Target]:
    """Return the target requests of a peer with its index at ``simple``.

    JSON requests are absent if the peer has no JSON.
    """
    targets: dict[str, Target] = {}
    for request, path in (("small", "small-project/"), ("500 files", "hot-project/"), ("root", "")):
        for kind, media_type in (("HTML", HTML), ("JSON", JSON)):
            target = Target(f"{simple}{path}", {"Accept": media_type})
            fields, body = fetch(target)
            if kind == "HTML" or "json" in fields.get("content-type", ""):
                targets[f"{request} {kind}"] = target
            if kind == "HTML" and request == "500 files" and body.count(b".whl</a>") < 500:
                raise NotMeasurable("it does not show 500 files")
    for request, path in (("10 KB wheel", "small-project/"), ("50 MB wheel", "big-project/")):
        page = Target(f"{simple}{path}", {"Accept": HTML})
        link = _LINK.search(fetch(page)[1].decode())
        if link is None:
            raise NotMeasurable(f"it shows no {request}")
        targets[request] = Target(urljoin(page.url, unescape(link[1])), {})
        fetch(targets[request])
    return targets


@contextmanager
def _start_pypiserver(inputs: PeerInputs) -> Iterator[ServerProcess]:
    port, testbed = find_free_port(), inputs.testbed
    command: Command = [
        install_peer("pypiserver") / "pypi-server",
        "run",
        "-i",
        HOST,
        "-p",
        str(port),
    ]
    options = ["--disable-fallback", "--server", "gunicorn", "--backend", "cached-dir"]
    environment = {"GUNICORN_CMD_ARGS": "--worker-class gevent --log-level warning"}
    simple = f"http://{HOST}:{port}/simple/"
    arguments: Command = [*command, *options, "-P", ".", "-a", ".", testbed.site.packages]
    with run_process(arguments, testbed.make_log_path("pypiserver"), simple, environment) as pid:
        yield ServerProcess("pypiserver", pid, find_targets(simple))


@contextmanager
def _start_proxpi(inputs: PeerInputs) -> Iterator[ServerProcess]:
    port, testbed = find_free_port(), inputs.testbed
    cache = testbed.directory / "proxpi"
    cache.mkdir()
    environment = {
        "PROXPI_INDEX_URL": f"{inputs.upstream}/simple/",
        "PROXPI_INDEX_TTL": "86400",
        "PROXPI_CACHE_DIR": str(cache),
        "PROXPI_DOWNLOAD_TIMEOUT": "30",
        "PROXPI_LOGGING_LEVEL": "WARNING",
    }
    command: Command = [
        install_peer("proxpi") / "gunicorn",
        "--threads",
        "4",
        "--log-level",
        "warning",
    ]
    base = f"http://{HOST}:{port}"
    arguments: Command = [*command, "--bind", f"{HOST}:{port}", "proxpi.server:app"]
    with run_process(
        arguments, testbed.make_log_path("proxpi"), f"{base}/health", environment
    ) as pid:
        yield ServerProcess("proxpi", pid, find_targets(f"{base}/index/"))


@contextmanager
def _start_simple_repository_server(inputs: PeerInputs) -> Iterator[ServerProcess]:
    name, port, testbed = "simple-repository-server", find_free_port(), inputs.testbed
    command: Command = [
        install_peer(name) / name,
        "--host",
        HOST,
        "--port",
        str(port),
        testbed.site.by_project,
    ]
    simple = f"http://{HOST}:{port}/simple/"
    with run_process(command, testbed.make_log_path(name), simple) as pid:
        yield ServerProcess(name, pid, find_targets(simple))


@contextmanager
def _start_devpi(inputs: PeerInputs) -> Iterator[ServerProcess]:
    """Start devpi and fill it by upload, because it takes files in no other way."""
    programs, port, testbed = install_peer("devpi"), find_free_port(), inputs.testbed
    server = testbed.directory / "devpi"
    init: Command = ["--serverdir", server, "--no-root-pypi", "--root-passwd", PASSWORD]
    run_program(programs / "devpi-init", *init)
    base = f"http://{HOST}:{port}"
    command: Command = [
        programs / "devpi-server",
        "--serverdir",
        server,
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    with run_process(command, testbed.make_log_path("devpi"), f"{base}/+status") as pid:
        client = programs / "devpi"
        state = ("--clientdir", testbed.directory / "devpi-client")
        for arguments in (
            ("use", f"{base}/"),
            ("login", "root", "--password", PASSWORD),
            ("user", "-c", "bench", f"password={PASSWORD}", "email=bench@example.org"),
            ("login", "bench", "--password", PASSWORD),
            ("index", "-c", "bench/dev", "bases=", "volatile=True"),
        ):
            run_program(client, *arguments, *state)
        credentials = b64encode(f"bench:{_log_in_to_devpi(port)}".encode()).decode()
        for wheel in testbed.site.list_wheels():  # a minute or more
            upload(port, "/bench/dev/", f"Basic {credentials}", wheel.name, wheel.read_bytes())
        yield ServerProcess("devpi", pid, find_targets(f"{base}/bench/dev/+simple/"))


def _log_in_to_devpi(port: int) -> str:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    login = json.dumps({"user": "bench", "password": PASSWORD}).encode()
    request = Request(f"http://{HOST}:{port}/+login", login, headers)
    with urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
        return str(json.load(response)["result"]["password"])


_PYPICLOUD = """
[app:main]
use = egg:pypicloud
pyramid.reload_templates = False
pypi.fallback = none
pypi.default_read = everyone
pypi.storage = file
storage.dir = {directory}/packages
db.url = sqlite:///{directory}/db.sqlite
auth.admins = bench
session.encrypt_key = {key}
session.validate_key = {key}
session.secure = False

[server:main]
use = egg:waitress
host = {host}
port = {port}
"""


@contextmanager
def _start_pypicloud(inputs: PeerInputs) -> Iterator[ServerProcess]:
    """Start pypicloud on files and SQLite, filled from the directory at the first start."""
    programs, port, testbed = install_peer("pypicloud"), find_free_port(), inputs.testbed
    directory = testbed.directory / "pypicloud"
    for wheel in testbed.site.list_wheels():
        project, version, _ = wheel.name.split("-", 2)
        folder = directory / "packages" / project.replace("_", "-") / version
        folder.mkdir(parents=True)
        os.link(wheel, folder / wheel.name)
    key = b64encode(bytes(range(64))).decode()
    settings = _PYPICLOUD.format(directory=directory, host=HOST, port=port, key=key)
    (directory / "server.ini").write_text(settings)
    module: Command = [programs / "python", "-W", "ignore", "-m", "pyramid.scripts.pserve"]
    simple = f"http://{HOST}:{port}/simple/"
    with run_process(
        [*module, directory / "server.ini"], testbed.make_log_path("pypicloud"), simple
    ) as pid:
        yield ServerProcess("pypicloud", pid, find_targets(simple))


@contextmanager
def _start_gcs_pypi_proxy(inputs: PeerInputs) -> Iterator[ServerProcess]:
    name, port, testbed = "gcs-pypi-proxy", find_free_port(), inputs.testbed
    command: Command = [
        install_peer(name) / "gcs-pypi",
        "start",
        "--bucket",
        f"gs://{topology.PACKAGES}",
    ]
    address = ["--endpoint", testbed.storage, "--addr", f"{HOST}:{port}"]
    options = ["--auth", "none", "--upstream", "none", "--cache-ttl", "3600"]
    pid_file: Command = ["--pid-file", testbed.directory / f"{name}.pid"]
    simple = f"http://{HOST}:{port}/simple/"
    with run_process(
        [*command, *address, *options, *pid_file], testbed.make_log_path(name), simple
    ) as pid:
        yield ServerProcess(name, pid, find_targets(simple))


PEERS: Mapping[str, Callable[[PeerInputs], AbstractContextManager[ServerProcess]]] = {
    "pypiserver": _start_pypiserver,
    "proxpi": _start_proxpi,
    "simple-repository-server": _start_simple_repository_server,
    "devpi": _start_devpi,
    "pypicloud": _start_pypicloud,
    "gcs-pypi-proxy": _start_gcs_pypi_proxy,
}
