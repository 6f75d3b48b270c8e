"""How each peer is configured and started, in the environment that reading has, too."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from benchmarks.harness.server import HOST, Command, free_port, running
from benchmarks.peers.environment import output, programs
from benchmarks.peers.peer import PASSWORD, USER, Peer, basic, fill_by_upload, fill_directory


@contextmanager
def _pypiserver(directory: Path) -> Iterator[Peer]:
    """With its fastest back end and server; it reads the directory anew after each upload."""
    there, port, packages = programs("pypiserver"), free_port(), directory / "packages"
    packages.mkdir(parents=True)
    passwords = directory / "htpasswd"
    hashing = "import passlib.hash as h, sys; print(h.apr_md5_crypt.hash(sys.argv[1]))"
    passwords.write_text(f"{USER}:{output(there / 'python', '-c', hashing, PASSWORD)}\n")
    command: Command = [there / "pypi-server", "run", "-i", HOST, "-p", str(port)]
    options = ["--disable-fallback", "--server", "gunicorn", "--backend", "cached-dir"]
    arguments: Command = ["-P", passwords, "-a", "update", packages]
    simple = f"http://{HOST}:{port}/simple/"
    with running([*command, *options, *arguments], directory / "log", simple):
        token = basic(USER, PASSWORD)
        yield Peer(
            "pypiserver", port, "/", token, lambda peer, numbers: fill_directory(packages, numbers)
        )


@contextmanager
def _devpi(directory: Path) -> Iterator[Peer]:
    """With a login token, as its own client uploads: hashing a password takes it longer."""
    there, port, server = programs("devpi"), free_port(), directory / "server"
    directory.mkdir(parents=True)
    output(there / "devpi-init", "--serverdir", server, "--no-root-pypi", "--root-passwd", PASSWORD)
    command: Command = [there / "devpi-server", "--serverdir", server]
    where, base = ["--host", HOST, "--port", str(port)], f"http://{HOST}:{port}"
    with running([*command, *where], directory / "log", f"{base}/+status"):
        client, state = there / "devpi", ("--clientdir", directory / "client")
        for arguments in (
            ("use", f"{base}/"),
            ("login", "root", "--password", PASSWORD),
            ("user", "-c", USER, f"password={PASSWORD}", "email=bench@example.org"),
            ("login", USER, "--password", PASSWORD),
            ("index", "-c", f"{USER}/dev", "bases=", "volatile=True"),
        ):
            output(client, *arguments, *state)
        token = basic(USER, _devpi_token(port))
        yield Peer("devpi (token)", port, f"/{USER}/dev/", token, fill_by_upload)


def _devpi_token(port: int) -> str:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    login = json.dumps({"user": USER, "password": PASSWORD})
    with closing(http.client.HTTPConnection(HOST, port, timeout=30)) as connection:
        connection.request("POST", "/+login", login, headers)
        return str(json.load(connection.getresponse())["result"]["password"])


_PYPICLOUD = """
[app:main]
use = egg:pypicloud
pyramid.reload_templates = False
pypi.default_read = everyone
pypi.default_write = authenticated
pypi.allow_overwrite = false
pypi.storage = file
storage.dir = {directory}/packages
db.url = sqlite:///{directory}/db.sqlite
auth.admins = {user}
user.{user} = {password}
session.encrypt_key = {key}
session.validate_key = {key}
session.secure = False

[server:main]
use = egg:waitress
host = {host}
port = {port}
"""


@contextmanager
def _pypicloud(directory: Path) -> Iterator[Peer]:
    """On files and SQLite."""
    there, port = programs("pypicloud"), free_port()
    python = there / "python"
    hashing = "from passlib.hash import pbkdf2_sha512 as h; import sys; print(h.hash(sys.argv[1]))"
    settings = _PYPICLOUD.format(
        directory=directory,
        host=HOST,
        port=port,
        user=USER,
        password=output(python, "-W", "ignore", "-c", hashing, PASSWORD).replace("%", "%%"),
        key=b64encode(bytes(range(64))).decode(),
    )
    (directory / "packages").mkdir(parents=True)
    (directory / "server.ini").write_text(settings)
    module: Command = [python, "-W", "ignore", "-m", "pyramid.scripts.pserve"]
    token = basic(USER, PASSWORD)

    def fill(peer: Peer, numbers: range) -> None:
        fill_directory(directory / "packages", numbers, nested=True)
        with closing(http.client.HTTPConnection(HOST, port, timeout=600)) as connection:
            connection.request("GET", "/admin/rebuild", headers={"Authorization": f"Basic {token}"})
            connection.getresponse().read()

    simple = f"http://{HOST}:{port}/simple/"
    with running([*module, directory / "server.ini"], directory / "log", simple):
        yield Peer("pypicloud", port, "/simple/", token, fill)


PEERS: Mapping[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "pypiserver": _pypiserver,
    "devpi": _devpi,
    "pypicloud": _pypicloud,
}
