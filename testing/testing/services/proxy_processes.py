"""The proxy in a process, as Cloud Run starts it, with the processes that it depends on.

These are the strict Cloud Storage and the stand-in for Secret Manager. A test can kill all three.
"""

import base64
import http.client
import json
import random
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from access.token_store import TokenStore
from cloud.secrets import Secret, connect
from local import topology
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from schemas.tokens import Token, TokenDocument, generate_token, hash_token
from testing.processes import find_free_ports
from testing.processes.restartable import RestartableProcess
from testing.services.fleet import HOST, await_answer

LARGE = "/packages/large-1.0-py3-none-any.whl"
SMALL = "/packages/alpha-1.0-py3-none-any.whl"
PAGE = "/simple/alpha/"
CACHED = (PAGE, SMALL, f"{SMALL}.metadata")
"""Addresses that the proxy caches after the first request."""
COLD = [(f"/simple/cold-{n}/", f"/packages/cold_{n}-1.0-py3-none-any.whl") for n in range(4)]
"""Addresses of pages and files that are not cached before a test requests them."""
PATIENCE = 600.0
"""Timeout in seconds, on a shared machine."""
SETTINGS = {
    "TOKENS_REFRESH": "1",
    "BLOCKED_REFRESH": "1",
    "CACHE_TTL": "0.5",
    "MAX_CONTENT_LENGTH": str(31 * 1024 * 1024),
}
"""Shorter times than in production; large files in chunks, as in production."""


@cache
def make_contents() -> Mapping[str, bytes]:
    """Return pages and files by address; one file has 50 MB."""
    noise = random.Random(5)  # noqa: S311 - not secret
    return {
        PAGE: b"<!DOCTYPE html><p>alpha",
        **{page: f"<!DOCTYPE html><p>{page}".encode() for page, _ in COLD},
        **{file: noise.randbytes(10_000) for _, file in COLD},
        SMALL: noise.randbytes(20_000),
        f"{SMALL}.metadata": b"Metadata-Version: 2.4\nName: alpha\nVersion: 1.0\n",
        LARGE: noise.randbytes(50_000_000),
    }


class HttpResponse(NamedTuple):
    """Response to one request."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True)
class ProxyProcesses:
    """The proxy, the storage and the secrets."""

    proxy: RestartableProcess
    storage: RestartableProcess
    secrets: RestartableProcess
    url: str
    """URL of the proxy."""
    storage_url: str
    secrets_host: str
    token: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The ``Authorization`` header."""
        return encode_authorization(self.token)

    def get(self, address: str, token: str | None = None) -> HttpResponse:
        """Send one request, on a new connection.

        :param token: replaces the default token.
        """
        fields = {
            "Authorization": encode_authorization(token or self.token),
            "Accept": "text/html, */*",
        }
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)) as client:
            client.request("GET", address, headers=fields)
            answer = client.getresponse()
            return HttpResponse(answer.status, answer.headers["retry-after"], answer.read())

    def create_token(self) -> str:
        """Create another token, as the command does."""
        secret = Secret(connect(self.secrets_host), topology.GCP_PROJECT, topology.TOKENS_SECRET)
        return TokenStore(secret, lambda: datetime.now(UTC)).create("another")

    def read_log(self, logger: str) -> list[dict[str, Any]]:
        """Return the log lines of the proxy so far, of one logger."""
        whole, _, _ = self.proxy.log.read_text().rpartition("\n")
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == logger]

    def await_ready(self) -> None:
        await_answer(f"{self.url}/ready")

    def restart_secrets(self) -> None:
        self.secrets.start()
        host, _, port = self.secrets_host.partition(":")
        wait_until(lambda: _is_listening(host, int(port)), "Secret Manager listens")

    def restart_storage(self) -> None:
        self.storage.start()
        await_answer(f"{self.storage_url}/_fake/health")


def encode_authorization(token: str) -> str:
    return "Basic " + base64.b64encode(f"__token__:{token}".encode()).decode()


def make_proxy_environment(port: int, storage_url: str, secrets_host: str) -> dict[str, str]:
    """Return the settings of ``proxy.main``."""
    return {
        "HOST": HOST,
        "PORT": str(port),
        "GCP_PROJECT": topology.GCP_PROJECT,
        "TOKENS_SECRET": topology.TOKENS_SECRET,
        "STATIC_BUCKET": topology.STATIC,
        "PACKAGES_BUCKET": topology.PACKAGES,
        "STORAGE_EMULATOR_HOST": storage_url,
        "SECRET_MANAGER_EMULATOR_HOST": secrets_host,
    }


@contextmanager
def prepare_proxy(directory: Path, **settings: str) -> Iterator[ProxyProcesses]:
    """Prepare the three processes without a start."""
    port, storage, secrets = find_free_ports(3)
    objects = directory / "objects"
    _write_objects(objects)
    token, state = generate_token(), directory / "secrets.json"
    _write_secrets(state, token)
    environment = make_proxy_environment(port, f"http://{HOST}:{storage}", f"{HOST}:{secrets}")
    environment |= {**SETTINGS, **settings}

    def make(*command: str) -> RestartableProcess:
        return RestartableProcess(
            *command, log=directory / f"{command[0]}.log", environment=environment
        )

    processes = (
        make("proxy.main"),
        make("testing.storage", f"--port={storage}", f"--load={objects}"),
        make("local.stand_ins.secret_manager", f"--port={secrets}", f"--state={state}"),
    )
    try:
        yield ProxyProcesses(
            *processes,
            url=f"http://{HOST}:{port}",
            storage_url=f"http://{HOST}:{storage}",
            secrets_host=f"{HOST}:{secrets}",
            token=token,
        )
    finally:
        for each in processes:
            each.end()


@contextmanager
def run_proxy(directory: Path, **settings: str) -> Iterator[ProxyProcesses]:
    """Start the three processes; yield them when the proxy is ready."""
    with prepare_proxy(directory, **settings) as processes:
        processes.restart_secrets()
        processes.restart_storage()
        processes.proxy.start()
        processes.await_ready()
        yield processes


def wait_until(probe: Callable[[], bool], event: str, patience: float = PATIENCE) -> None:
    """Wait until ``probe`` returns True; ``event`` describes it in the error."""
    deadline = monotonic() + patience
    while not probe():
        assert monotonic() < deadline, f"not within {patience:g} s: {event}"
        sleep(0.05)


def _is_listening(host: str, port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((host, port)) == 0


def _write_objects(directory: Path) -> None:
    for address, data in make_contents().items():
        if address.startswith("/packages/"):
            file = directory / topology.PACKAGES / address.removeprefix("/packages/")
        else:
            file = directory / topology.STATIC / f"{address.strip('/')}/index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _write_secrets(path: Path, token: str) -> None:
    entry = Token(name="chaos", sha256=hash_token(token), created=datetime.now(UTC))
    store = SecretsStore(path)
    name = f"projects/{topology.GCP_PROJECT}/secrets/{topology.TOKENS_SECRET}"
    store.secrets[name] = [StoredVersion(TokenDocument(tokens=(entry,)).encode())]
    store.save()
