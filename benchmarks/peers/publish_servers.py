"""Configuration and start of the peers for uploads, in the environments of the read benchmark."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from benchmarks.harness.server_process import HOST, Command, run_process
from benchmarks.peers.environment import install_peer, run_program
from benchmarks.peers.peer import PASSWORD, USER, Peer, encode_basic, fill_by_upload, fill_directory
from testing.processes import find_free_port


@contextmanager
def _start_pypiserver(directory: Path) -> Iterator[Peer]:
    """Start pypiserver with its fastest back end and server.

    It reads the directory again after each upload.
    """
    programs, port, packages = install_peer("pypiserver"), find_free_port(), directory / "packages"
    packages.mkdir(parents=True)
    passwords = directory / "htpasswd"
    hashing = "import passlib.hash as h, sys; print(h.apr_md5_crypt.hash(sys.argv[1]))"
    passwords.write_text(f"{USER}:{run_program(programs / 'python', '-c', hashing, PASSWORD)}\n")
    command: Command = [programs / "pypi-server", "run", "-i", HOST, "-p", str(port)]
    options = ["--disable-fallback", "--server", "gunicorn", "--backend", "cached-dir"]
    arguments: Command = ["-P", passwords, "-a", "update", packages]
    simple = f"http://{HOST}:{port}/simple/"
    with run_process([*command, *options, *arguments], directory / "log", simple):
        token = encode_basic(USER, PASSWORD)
        yield Peer(
            "pypiserver", port, "/", token, lambda peer, numbers: fill_directory(packages, numbers)
        )


@contextmanager
def _start_devpi(directory: Path) -> Iterator[Peer]:
    """Start devpi and use a login token, as its own client does.

    To hash a password for each upload would take it longer.
    """
    programs, port, server = install_peer("devpi"), find_free_port(), directory / "server"
    directory.mkdir(parents=True)
    run_program(
        programs / "devpi-init", "--serverdir", server, "--no-root-pypi", "--root-passwd", PASSWORD
    )
    command: Command = [programs / "devpi-server", "--serverdir", server]
    address, base = ["--host", HOST, "--port", str(port)], f"http://{HOST}:{port}"
    with run_process([*command, *address], directory / "log", f"{base}/+status"):
        client, state = programs / "devpi", ("--clientdir", directory / "client")
        for arguments in (
            ("use", f"{base}/"),
            ("login", "root", "--password", PASSWORD),
            ("user", "-c", USER, f"password={PASSWORD}", "email=bench@example.org"),
            ("login", USER, "--password", PASSWORD),
            ("index", "-c", f"{USER}/dev", "bases=", "volatile=True"),
        ):
            run_program(client, *arguments, *state)
        token = encode_basic(USER, _log_in_to_devpi(port))
        yield Peer("devpi (token)", port, f"/{USER}/dev/", token, fill_by_upload)


def _log_in_to_devpi(port: int) -> str:
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
def _start_pypicloud(directory: Path) -> Iterator[Peer]:
    """Start pypicloud on files and SQLite."""
    programs, port = install_peer("pypicloud"), find_free_port()
    python = programs / "python"
    hashing = "from passlib.hash import pbkdf2_sha512 as h; import sys; print(h.hash(sys.argv[1]))"
    settings = _PYPICLOUD.format(
        directory=directory,
        host=HOST,
        port=port,
        user=USER,
        password=run_program(python, "-W", "ignore", "-c", hashing, PASSWORD).replace("%", "%%"),
        key=b64encode(bytes(range(64))).decode(),
    )
    (directory / "packages").mkdir(parents=True)
    (directory / "server.ini").write_text(settings)
    module: Command = [python, "-W", "ignore", "-m", "pyramid.scripts.pserve"]
    token = encode_basic(USER, PASSWORD)

    def fill(peer: Peer, numbers: range) -> None:
        fill_directory(directory / "packages", numbers, nested=True)
        with closing(http.client.HTTPConnection(HOST, port, timeout=600)) as connection:
            connection.request("GET", "/admin/rebuild", headers={"Authorization": f"Basic {token}"})
            connection.getresponse().read()

    simple = f"http://{HOST}:{port}/simple/"
    with run_process([*module, directory / "server.ini"], directory / "log", simple):
        yield Peer("pypicloud", port, "/simple/", token, fill)


PEERS: Mapping[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "pypiserver": _start_pypiserver,
    "devpi": _start_devpi,
    "pypicloud": _start_pypicloud,
}
