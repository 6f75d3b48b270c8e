"""Testbed of the read benchmarks: proxy, nginx and two bare apps with one index and one token."""

import hashlib
import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness.server_process import (
    HOST,
    Command,
    NotMeasurable,
    ServerProcess,
    make_targets,
    run_process,
)
from benchmarks.harness.site import SiteDirectory, upload_site
from local import topology
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from schemas.tokens import Token, TokenDocument, generate_token, hash_token
from testing.fakes.fake_gcs_server import run_fake_gcs
from testing.processes import find_free_port, find_free_ports
from testing.services.proxy_processes import make_proxy_environment

USER = "__token__"


@dataclass(frozen=True)
class Testbed:
    """Index, stand-ins and token shared by all servers."""

    directory: Path
    site: SiteDirectory
    storage: str
    """URL of the stand-in for Cloud Storage."""
    secrets: str
    """``host:port`` of the stand-in for Secret Manager."""
    token: str

    @property
    def authorization(self) -> str:
        """Value of the ``Authorization`` field."""
        return "Basic " + b64encode(f"{USER}:{self.token}".encode()).decode()

    def make_log_path(self, name: str) -> Path:
        """Return the path of the log of a process."""
        return self.directory / f"{name.replace(' ', '-')}.log"


@contextmanager
def start_testbed(directory: Path, site: SiteDirectory) -> Iterator[Testbed]:
    """Start the stand-ins and fill them."""
    token, port, state = generate_token(), find_free_port(), directory / "secrets.json"
    entry = Token(name="bench", sha256=hash_token(token), created=datetime.now(UTC))
    store = SecretsStore(state)
    name = f"projects/{topology.GCP_PROJECT}/secrets/{topology.TOKENS_SECRET}"
    store.secrets[name] = [StoredVersion(TokenDocument(tokens=(entry,)).encode())]
    store.save()
    module = [sys.executable, "-m", "local.stand_ins.secret_manager", "--port", str(port)]
    command: Command = [*module, "--state", str(state)]
    with run_fake_gcs() as storage, run_process(command, directory / "secrets.log"):
        upload_site(storage, site, topology.STATIC, topology.PACKAGES)
        yield Testbed(directory, site, storage, f"{HOST}:{port}", token)


@contextmanager
def start_proxy_process(
    testbed: Testbed, name: str, ready: str | None = None, **settings: str
) -> Iterator[tuple[int, str]]:
    """Start the proxy as ``python -m proxy.main`` does; yield its process id and URL.

    :param ready: the path to wait for, if any.
    """
    port = find_free_port()
    variables = make_proxy_environment(port, testbed.storage, testbed.secrets) | settings
    base = f"http://{HOST}:{port}"
    command: Command = [sys.executable, "-m", "proxy.main"]
    with run_process(
        command, testbed.make_log_path(name), base + ready if ready else None, variables
    ) as pid:
        yield pid, base


def make_earlier_environment(checkout: Path) -> dict[str, str]:
    """Return the environment that runs the proxy of another checkout on our dependencies."""
    names = ("schemas", "chassis", "cloud", "access", "services/proxy")
    members = (checkout / name for name in names)
    return {"PYTHONPATH": ":".join(str(member.resolve()) for member in members)}


@contextmanager
def start_proxy(testbed: Testbed, name: str = "gcpypi", **settings: str) -> Iterator[ServerProcess]:
    """Start the proxy and wait until it is ready."""
    with start_proxy_process(testbed, name, "/ready", **settings) as (pid, base):
        yield ServerProcess(name, pid, make_targets(base, testbed.authorization))


@contextmanager
def start_bare_app(testbed: Testbed, kind: str, name: str) -> Iterator[ServerProcess]:
    """Start one of the bare applications."""
    port = find_free_port()
    base = f"http://{HOST}:{port}"
    module: Command = [sys.executable, "-m", "benchmarks.harness.apps"]
    command: Command = [*module, kind, testbed.site.directory, str(port)]
    digest = {"TOKEN_DIGEST": hash_token(testbed.token)}
    with run_process(command, testbed.make_log_path(name), f"{base}/simple/", digest) as pid:
        yield ServerProcess(name, pid, make_targets(base, testbed.authorization))


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
def start_nginx(testbed: Testbed) -> Iterator[tuple[ServerProcess, str]]:
    """Start nginx on the same files with Basic auth; yield also a URL without it."""
    port, free = find_free_ports(2)
    digest = b64encode(hashlib.sha1(testbed.token.encode()).digest()).decode()  # noqa: S324 - the fastest of nginx
    passwords = testbed.directory / "htpasswd"
    passwords.write_text(f"{USER}:{{SHA}}{digest}\n")
    auth = f'auth_basic "bench"; auth_basic_user_file {passwords};'
    place = {"host": HOST, "static": testbed.site.static, "site": testbed.site.directory}
    servers = _INDEX.format(port=port, auth=auth, **place) + _INDEX.format(
        port=free, auth="", **place
    )
    base = f"http://{HOST}:{port}"
    with _start_nginx(testbed, "nginx", servers, f"{base}/simple/") as pid:
        yield (
            ServerProcess("nginx", pid, make_targets(base, testbed.authorization)),
            f"http://{HOST}:{free}",
        )


@contextmanager
def start_nginx_storage(testbed: Testbed) -> Iterator[str]:
    """Start nginx in place of Cloud Storage and yield its URL.

    It answers downloads as Cloud Storage does, with very little CPU.
    """
    port = find_free_port()
    servers = _BUCKETS.format(
        host=HOST,
        port=port,
        static=testbed.site.static,
        site=testbed.site.directory,
        packages=topology.PACKAGES,
        statics=topology.STATIC,
    )
    url = f"http://{HOST}:{port}"
    with _start_nginx(testbed, "storage", servers, url):
        yield url


@contextmanager
def _start_nginx(testbed: Testbed, name: str, servers: str, ready: str) -> Iterator[int]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        raise NotMeasurable("it is not installed")
    configuration = testbed.directory / f"{name}.conf"
    text = _NGINX.format(
        directory=testbed.directory, name=name, user=Path.home().owner(), servers=servers
    )
    configuration.write_text(text)
    command: Command = [program, "-c", configuration]
    with run_process(command, testbed.make_log_path(name), ready) as pid:
        yield pid
