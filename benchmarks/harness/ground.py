"""How the proxy, nginx and the two bare apps are started, all over one index and one token."""

import hashlib
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness.server import (
    HOST,
    Absent,
    Command,
    Server,
    free_port,
    running,
    same_addresses,
)
from benchmarks.harness.site import Site, fill
from local import layout
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from schemas.tokens import Token, TokenDocument, digest_of, new_token
from testing.fakes.fake_gcs_server import fake_gcs
from testing.services.fleet import free_ports
from testing.services.proxied import environment

USER = "__token__"


@dataclass(frozen=True)
class Ground:
    """What all stand on."""

    directory: Path
    site: Site
    storage: str
    """The URL of the stand-in for Cloud Storage."""
    secrets: str
    """``host:port`` of the stand-in for Secret Manager."""
    token: str

    @property
    def authorization(self) -> str:
        """The header field."""
        return "Basic " + b64encode(f"{USER}:{self.token}".encode()).decode()

    def log(self, name: str) -> Path:
        """Where a process of that name writes what it says."""
        return self.directory / f"{name.replace(' ', '-')}.log"


@contextmanager
def ground(directory: Path, site: Site) -> Iterator[Ground]:
    """Start the stand-ins and fill them."""
    token, port, kept = new_token(), free_port(), directory / "secrets.json"
    entry = Token(name="bench", sha256=digest_of(token), created=datetime.now(UTC))
    store = SecretsStore(kept)
    name = f"projects/{layout.PROJECT}/secrets/{layout.TOKENS_SECRET}"
    store.secrets[name] = [StoredVersion(TokenDocument(tokens=(entry,)).encode())]
    store.save()
    module = [sys.executable, "-m", "local.stand_ins.secret_manager", "--port", str(port)]
    command: Command = [*module, "--state", str(kept)]
    with fake_gcs() as storage, running(command, directory / "secrets.log"):
        fill(storage, site, layout.STATIC, layout.PACKAGES)
        yield Ground(directory, site, storage, f"{HOST}:{port}", token)


@contextmanager
def started(
    on: Ground, name: str, ready: str | None = None, **settings: str
) -> Iterator[tuple[int, str]]:
    """The proxy's process, as ``python -m proxy.main`` runs it, and its URL.

    :param ready: the path to wait for, if any.
    """
    port = free_port()
    around = environment(port, on.storage, on.secrets) | settings
    base = f"http://{HOST}:{port}"
    command: Command = [sys.executable, "-m", "proxy.main"]
    with running(command, on.log(name), base + ready if ready else None, around) as pid:
        yield pid, base


def earlier_code(checkout: Path) -> dict[str, str]:
    """Return the environment that runs the proxy of another checkout on our dependencies."""
    names = ("schemas", "chassis", "cloud", "access", "services/proxy")
    members = (checkout / name for name in names)
    return {"PYTHONPATH": ":".join(str(member.resolve()) for member in members)}


@contextmanager
def proxy(on: Ground, name: str = "gcpypi", **settings: str) -> Iterator[Server]:
    """Ours, warm."""
    with started(on, name, "/ready", **settings) as (pid, base):
        yield Server(name, pid, same_addresses(base, on.authorization))


@contextmanager
def bare(on: Ground, kind: str, name: str) -> Iterator[Server]:
    """One of the speed limits."""
    port = free_port()
    base = f"http://{HOST}:{port}"
    module: Command = [sys.executable, "-m", "benchmarks.harness.apps"]
    command: Command = [*module, kind, on.site.directory, str(port)]
    digest = {"TOKEN_DIGEST": digest_of(on.token)}
    with running(command, on.log(name), f"{base}/simple/", digest) as pid:
        yield Server(name, pid, same_addresses(base, on.authorization))


_NGINX = """
daemon off; worker_processes 1; pid {directory}/{name}.pid; error_log stderr warn; user {user};
events {{ worker_connections 1024; }}
http {{
  types {{ text/html html; application/vnd.pypi.simple.v1+json json; }}
  default_type application/octet-stream;
  access_log {directory}/{name}-access.log; sendfile on; tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=20000 inactive=600s; open_file_cache_valid 60s; open_file_cache_min_uses 1;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  map $http_accept $page {{ default index.html; "~json" index.v1.json; }}
  {servers}
}}
"""

_INDEX = """
  server {{
    listen {host}:{port}; {auth}
    location ~ ^/simple/(?<project>.*/)?$ {{ root {static}; try_files /simple/$project$page =404; }}
    location /packages/ {{ root {site}; }}
  }}
"""

_BUCKETS = """
  server {{
    listen {host}:{port}; access_log off; etag off; add_header x-goog-generation 1;
    location ~ ^/storage/v1/b/{packages}/o/(?<object>.+)$ {{ alias {site}/packages/$object; }}
    location ~ ^/storage/v1/b/{statics}/o/(?<object>.+)$ {{ alias {static}/$object; }}
    location = / {{ return 204; }}
  }}
"""


@contextmanager
def nginx(on: Ground) -> Iterator[tuple[Server, str]]:
    """The same files from nginx, with Basic auth; and its URL where it asks for none."""
    port, free = free_ports(2)
    digest = b64encode(hashlib.sha1(on.token.encode()).digest()).decode()  # noqa: S324 - its fastest
    passwords = on.directory / "htpasswd"
    passwords.write_text(f"{USER}:{{SHA}}{digest}\n")
    auth = f'auth_basic "bench"; auth_basic_user_file {passwords};'
    place = {"host": HOST, "static": on.site.static, "site": on.site.directory}
    servers = _INDEX.format(port=port, auth=auth, **place) + _INDEX.format(
        port=free, auth="", **place
    )
    base = f"http://{HOST}:{port}"
    with _nginx(on, "nginx", servers, f"{base}/simple/") as pid:
        yield Server("nginx", pid, same_addresses(base, on.authorization)), f"http://{HOST}:{free}"


@contextmanager
def quick_storage(on: Ground) -> Iterator[str]:
    """The URL of nginx that answers downloads as Cloud Storage does, for next to no CPU."""
    port = free_port()
    servers = _BUCKETS.format(
        host=HOST,
        port=port,
        static=on.site.static,
        site=on.site.directory,
        packages=layout.PACKAGES,
        statics=layout.STATIC,
    )
    url = f"http://{HOST}:{port}"
    with _nginx(on, "storage", servers, url):
        yield url


@contextmanager
def _nginx(on: Ground, name: str, servers: str, ready: str) -> Iterator[int]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise Absent("it is not installed")
    configuration = on.directory / f"{name}.conf"
    text = _NGINX.format(
        directory=on.directory, name=name, user=Path.home().owner(), servers=servers
    )
    configuration.write_text(text)
    command: Command = [program, "-c", configuration]
    with running(command, on.log(name), ready) as pid:
        yield pid
