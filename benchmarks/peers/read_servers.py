"""How each peer is started over the same wheels: the fastest way it has, and without a log-in."""

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

from benchmarks.harness.ground import Ground
from benchmarks.harness.server import (
    HOST,
    HTML,
    JSON,
    Absent,
    Ask,
    Command,
    Server,
    fetch,
    free_port,
    running,
)
from benchmarks.peers.environment import output, programs
from benchmarks.peers.upload import upload
from local import layout

PASSWORD = "bench-password"  # noqa: S105 - for the loopback
_LINK = re.compile(r'href="([^"#]+\.whl)(?:#[^"]*)?"')


@dataclass(frozen=True)
class Around:
    """What a peer is given."""

    on: Ground
    upstream: str
    """The URL of the same index without a log-in, for those who only pass on."""


def asks(simple: str) -> Mapping[str, Ask]:
    """What is asked of a peer whose index is at ``simple``; JSON if it has any."""
    found: dict[str, Ask] = {}
    for what, path in (("small", "small-project/"), ("500 files", "hot-project/"), ("root", "")):
        for kind, media_type in (("HTML", HTML), ("JSON", JSON)):
            ask = Ask(f"{simple}{path}", {"Accept": media_type})
            fields, body = fetch(ask)
            if kind == "HTML" or "json" in fields.get("content-type", ""):
                found[f"{what} {kind}"] = ask
            if kind == "HTML" and what == "500 files" and body.count(b".whl</a>") < 500:
                raise Absent("it does not show 500 files")
    for what, path in (("10 KB wheel", "small-project/"), ("50 MB wheel", "big-project/")):
        page = Ask(f"{simple}{path}", {"Accept": HTML})
        link = _LINK.search(fetch(page)[1].decode())
        if link is None:
            raise Absent(f"it shows no {what}")
        found[what] = Ask(urljoin(page.url, unescape(link[1])), {})
        fetch(found[what])
    return found


@contextmanager
def _pypiserver(around: Around) -> Iterator[Server]:
    port, on = free_port(), around.on
    command: Command = [programs("pypiserver") / "pypi-server", "run", "-i", HOST, "-p", str(port)]
    options = ["--disable-fallback", "--server", "gunicorn", "--backend", "cached-dir"]
    environment = {"GUNICORN_CMD_ARGS": "--worker-class gevent --log-level warning"}
    simple = f"http://{HOST}:{port}/simple/"
    arguments: Command = [*command, *options, "-P", ".", "-a", ".", on.site.packages]
    with running(arguments, on.log("pypiserver"), simple, environment) as pid:
        yield Server("pypiserver", pid, asks(simple))


@contextmanager
def _proxpi(around: Around) -> Iterator[Server]:
    port, on = free_port(), around.on
    cache = on.directory / "proxpi"
    cache.mkdir()
    environment = {
        "PROXPI_INDEX_URL": f"{around.upstream}/simple/",
        "PROXPI_INDEX_TTL": "86400",
        "PROXPI_CACHE_DIR": str(cache),
        "PROXPI_DOWNLOAD_TIMEOUT": "30",
        "PROXPI_LOGGING_LEVEL": "WARNING",
    }
    command: Command = [programs("proxpi") / "gunicorn", "--threads", "4", "--log-level", "warning"]
    base = f"http://{HOST}:{port}"
    arguments: Command = [*command, "--bind", f"{HOST}:{port}", "proxpi.server:app"]
    with running(arguments, on.log("proxpi"), f"{base}/health", environment) as pid:
        yield Server("proxpi", pid, asks(f"{base}/index/"))


@contextmanager
def _simple_repository_server(around: Around) -> Iterator[Server]:
    name, port, on = "simple-repository-server", free_port(), around.on
    command: Command = [
        programs(name) / name,
        "--host",
        HOST,
        "--port",
        str(port),
        on.site.by_project,
    ]
    simple = f"http://{HOST}:{port}/simple/"
    with running(command, on.log(name), simple) as pid:
        yield Server(name, pid, asks(simple))


@contextmanager
def _devpi(around: Around) -> Iterator[Server]:
    """Filled by upload, as it takes files in no other way."""
    there, port, on = programs("devpi"), free_port(), around.on
    server = on.directory / "devpi"
    init: Command = ["--serverdir", server, "--no-root-pypi", "--root-passwd", PASSWORD]
    output(there / "devpi-init", *init)
    base = f"http://{HOST}:{port}"
    command: Command = [
        there / "devpi-server",
        "--serverdir",
        server,
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    with running(command, on.log("devpi"), f"{base}/+status") as pid:
        client = there / "devpi"
        state = ("--clientdir", on.directory / "devpi-client")
        for arguments in (
            ("use", f"{base}/"),
            ("login", "root", "--password", PASSWORD),
            ("user", "-c", "bench", f"password={PASSWORD}", "email=bench@example.org"),
            ("login", "bench", "--password", PASSWORD),
            ("index", "-c", "bench/dev", "bases=", "volatile=True"),
        ):
            output(client, *arguments, *state)
        credentials = b64encode(f"bench:{_devpi_token(port)}".encode()).decode()
        for wheel in on.site.wheels():  # a minute or more
            upload(port, "/bench/dev/", f"Basic {credentials}", wheel.name, wheel.read_bytes())
        yield Server("devpi", pid, asks(f"{base}/bench/dev/+simple/"))


def _devpi_token(port: int) -> str:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    login = json.dumps({"user": "bench", "password": PASSWORD}).encode()
    request = Request(f"http://{HOST}:{port}/+login", login, headers)
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        return str(json.load(answer)["result"]["password"])


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
def _pypicloud(around: Around) -> Iterator[Server]:
    """On files and SQLite, which it fills from the directory at its first start."""
    there, port, on = programs("pypicloud"), free_port(), around.on
    directory = on.directory / "pypicloud"
    for wheel in on.site.wheels():
        project, version, _ = wheel.name.split("-", 2)
        folder = directory / "packages" / project.replace("_", "-") / version
        folder.mkdir(parents=True)
        os.link(wheel, folder / wheel.name)
    key = b64encode(bytes(range(64))).decode()
    settings = _PYPICLOUD.format(directory=directory, host=HOST, port=port, key=key)
    (directory / "server.ini").write_text(settings)
    module: Command = [there / "python", "-W", "ignore", "-m", "pyramid.scripts.pserve"]
    simple = f"http://{HOST}:{port}/simple/"
    with running([*module, directory / "server.ini"], on.log("pypicloud"), simple) as pid:
        yield Server("pypicloud", pid, asks(simple))


@contextmanager
def _gcs_pypi_proxy(around: Around) -> Iterator[Server]:
    name, port, on = "gcs-pypi-proxy", free_port(), around.on
    command: Command = [programs(name) / "gcs-pypi", "start", "--bucket", f"gs://{layout.PACKAGES}"]
    where = ["--endpoint", on.storage, "--addr", f"{HOST}:{port}"]
    options = ["--auth", "none", "--upstream", "none", "--cache-ttl", "3600"]
    kept: Command = ["--pid-file", on.directory / f"{name}.pid"]
    simple = f"http://{HOST}:{port}/simple/"
    with running([*command, *where, *options, *kept], on.log(name), simple) as pid:
        yield Server(name, pid, asks(simple))


PEERS: Mapping[str, Callable[[Around], AbstractContextManager[Server]]] = {
    "pypiserver": _pypiserver,
    "proxpi": _proxpi,
    "simple-repository-server": _simple_repository_server,
    "devpi": _devpi,
    "pypicloud": _pypicloud,
    "gcs-pypi-proxy": _gcs_pypi_proxy,
}
