"""How each peer is installed into an environment of its own, configured and started."""

import http.client
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from publish_peer import HOST, PASSWORD, USER, Absent, Peer, basic, fill_by_upload, fill_directory

from chaos.fleet import end, free_ports

START = 90.0
"""Seconds until one must answer."""


@contextmanager
def _pypiserver(directory: Path) -> Iterator[Peer]:
    """With its fastest back end and server; it reads the directory anew after each upload."""
    python = _environment(directory, sys.executable, "pypiserver[passlib,cache]", "gunicorn")
    packages, (port,) = directory / "packages", free_ports(1)
    packages.mkdir()
    passwords = directory / "htpasswd"
    hashing = "import passlib.hash as h, sys; print(h.apr_md5_crypt.hash(sys.argv[1]))"
    passwords.write_text(f"{USER}:{_output(python, '-c', hashing, PASSWORD)}\n")
    command = [str(python.parent / "pypi-server"), "run", "-i", HOST, "-p", str(port)]
    options = ["--disable-fallback", "--server", "gunicorn", "--backend", "cached-dir"]
    arguments = ["-P", str(passwords), "-a", "update", str(packages)]
    with _running([*command, *options, *arguments], port, "/simple/"):
        token = basic(USER, PASSWORD)
        yield Peer(
            "pypiserver", port, "/", token, lambda peer, numbers: fill_directory(packages, numbers)
        )


@contextmanager
def _devpi(directory: Path) -> Iterator[Peer]:
    """With a login token, as its own client uploads: hashing a password takes it longer."""
    python = _environment(directory, sys.executable, "devpi-server", "devpi-client")
    server, (port,) = directory / "server", free_ports(1)
    init = ["--serverdir", str(server), "--no-root-pypi", "--root-passwd", PASSWORD]
    _output(python.parent / "devpi-init", *init)
    command = [str(python.parent / "devpi-server"), "--serverdir", str(server)]
    with _running([*command, "--host", HOST, "--port", str(port)], port, "/+status"):
        client, state = python.parent / "devpi", ("--clientdir", str(directory / "client"))
        for arguments in (
            ("use", f"http://{HOST}:{port}/"),
            ("login", "root", "--password", PASSWORD),
            ("user", "-c", USER, f"password={PASSWORD}", "email=bench@example.org"),
            ("login", USER, "--password", PASSWORD),
            ("index", "-c", f"{USER}/dev", "bases=", "volatile=True"),
        ):
            _output(client, *arguments, *state)
        token = basic(USER, _devpi_token(port))
        yield Peer("devpi (token)", port, f"/{USER}/dev/", token, fill_by_upload)


def _devpi_token(port: int) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    login = json.dumps({"user": USER, "password": PASSWORD})
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
    """On files and SQLite. It needs an old Python: a dependency calls what 3.11 removed."""
    python = _environment(
        directory, _python("3.10"), "pypicloud[server]", "SQLAlchemy<2", "setuptools<81"
    )
    (port,) = free_ports(1)
    hashing = "from passlib.hash import pbkdf2_sha512 as h; import sys; print(h.hash(sys.argv[1]))"
    settings = _PYPICLOUD.format(
        directory=directory,
        host=HOST,
        port=port,
        user=USER,
        password=_output(python, "-W", "ignore", "-c", hashing, PASSWORD).replace("%", "%%"),
        key=b64encode(bytes(range(64))).decode(),
    )
    (directory / "packages").mkdir()
    (directory / "server.ini").write_text(settings)
    module = [str(python), "-W", "ignore", "-m", "pyramid.scripts.pserve"]
    token = basic(USER, PASSWORD)

    def fill(peer: Peer, numbers: range) -> None:
        fill_directory(directory / "packages", numbers, nested=True)
        connection = http.client.HTTPConnection(HOST, port, timeout=600)
        connection.request("GET", "/admin/rebuild", headers={"Authorization": f"Basic {token}"})
        connection.getresponse().read()

    with _running([*module, str(directory / "server.ini")], port, "/simple/"):
        yield Peer("pypicloud", port, "/simple/", token, fill)


@contextmanager
def _running(command: Sequence[str], port: int, path: str) -> Iterator[None]:
    process = subprocess.Popen(  # noqa: S603 - a peer that was just installed
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(process, port, path)
        yield
    finally:
        end(process)


def _await(process: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    give_up = time.monotonic() + START
    while True:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=10)
            connection.request("GET", path)
            if connection.getresponse().status < 500:
                return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > give_up:
            raise Absent("it does not start")
        time.sleep(0.2)


def _environment(directory: Path, python: str, *requirements: str) -> Path:
    """Make an environment with these in it; return its interpreter."""
    directory.mkdir(parents=True, exist_ok=True)
    _output(python, "-m", "venv", str(directory / "venv"))
    mine = directory / "venv" / "bin" / "python"
    _output(mine, "-m", "pip", "install", "--quiet", *requirements)
    return mine


def _python(version: str) -> str:
    asking = ["env", f"PYENV_VERSION={version}", f"python{version}"]
    return _output(*asking, "-c", "import sys; print(sys.executable)")


def _output(*command: str | Path) -> str:
    words = [str(part) for part in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise Absent(f"{Path(words[0]).name} failed: {said.strip()[-120:]}") from error
    return done.stdout.strip()


PEERS: Mapping[str, Callable[[Path], AbstractContextManager[Peer]]] = {
    "pypiserver": _pypiserver,
    "devpi": _devpi,
    "pypicloud": _pypicloud,
}
