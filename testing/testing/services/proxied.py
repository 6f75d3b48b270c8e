"""The proxy as a process of its own, as Cloud Run starts it, between two that a test may kill: the
strict Cloud Storage and the stand-in for Secret Manager.
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

from access.register import TokenRegister
from cloud.secrets import Secret, connect
from local import layout
from local.stand_ins.secrets_store import SecretsStore, StoredVersion
from schemas.tokens import Token, TokenDocument, digest_of, new_token
from testing.processes.part import Part
from testing.services.fleet import HOST, await_answer, free_ports

LARGE = "/packages/large-1.0-py3-none-any.whl"
SMALL = "/packages/alpha-1.0-py3-none-any.whl"
PAGE = "/simple/alpha/"
CACHED = (PAGE, SMALL, f"{SMALL}.metadata")
"""What is held in memory, once it was asked for."""
COLD = [(f"/simple/cold-{n}/", f"/packages/cold_{n}-1.0-py3-none-any.whl") for n in range(4)]
"""What is not, as nobody asks for it before a test does: pages and files."""
PATIENCE = 30.0
"""Seconds, on a machine that is shared."""
SETTINGS = {
    "TOKENS_REFRESH": "1",
    "BLOCKED_REFRESH": "1",
    "CACHE_TTL": "0.5",
    "MAX_CONTENT_LENGTH": str(31 * 1024 * 1024),
}
"""Shorter times than in production; and as there, large files in chunks."""


@cache
def contents() -> Mapping[str, bytes]:
    """What is served, by its address: pages and files, one of them of 50 MB."""
    noise = random.Random(5)  # noqa: S311 - not secret
    return {
        PAGE: b"<!DOCTYPE html><p>alpha",
        **{page: f"<!DOCTYPE html><p>{page}".encode() for page, _ in COLD},
        **{file: noise.randbytes(10_000) for _, file in COLD},
        SMALL: noise.randbytes(20_000),
        f"{SMALL}.metadata": b"Metadata-Version: 2.4\nName: alpha\nVersion: 1.0\n",
        LARGE: noise.randbytes(50_000_000),
    }


class Got(NamedTuple):
    """An answer."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True)
class Proxied:
    """Three processes."""

    proxy: Part
    storage: Part
    secrets: Part
    url: str
    """The proxy's."""
    storage_url: str
    secrets_host: str
    token: str = field(repr=False)

    @property
    def authorization(self) -> str:
        """The header field."""
        return authorization(self.token)

    def get(self, address: str, token: str | None = None) -> Got:
        """Ask once, on a connection of its own.

        :param token: another than its own.
        """
        fields = {"Authorization": authorization(token or self.token), "Accept": "text/html, */*"}
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)) as client:
            client.request("GET", address, headers=fields)
            answer = client.getresponse()
            return Got(answer.status, answer.headers["retry-after"], answer.read())

    def create_token(self) -> str:
        """Make another, as the command does."""
        secret = Secret(connect(self.secrets_host), layout.PROJECT, layout.TOKENS_SECRET)
        return TokenRegister(secret, lambda: datetime.now(UTC)).create("another")

    def lines(self, logger: str) -> list[dict[str, Any]]:
        """What the proxy has logged so far by a logger of that name."""
        whole, _, _ = self.proxy.log.read_text().rpartition("\n")
        lines = [json.loads(line) for line in whole.splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == logger]

    def await_ready(self) -> None:
        await_answer(f"{self.url}/ready")

    def restart_secrets(self) -> None:
        self.secrets.start()
        host, _, port = self.secrets_host.partition(":")
        eventually(lambda: _listens(host, int(port)), "Secret Manager listens")

    def restart_storage(self) -> None:
        self.storage.start()
        await_answer(f"{self.storage_url}/_fake/health")


def authorization(token: str) -> str:
    return "Basic " + base64.b64encode(f"__token__:{token}".encode()).decode()


def environment(port: int, storage_url: str, secrets_host: str) -> dict[str, str]:
    """What ``proxy.main`` needs to be told."""
    return {
        "HOST": HOST,
        "PORT": str(port),
        "PROJECT": layout.PROJECT,
        "TOKENS_SECRET": layout.TOKENS_SECRET,
        "STATIC_BUCKET": layout.STATIC,
        "PACKAGES_BUCKET": layout.PACKAGES,
        "STORAGE_EMULATOR_HOST": storage_url,
        "SECRET_MANAGER_EMULATOR_HOST": secrets_host,
    }


@contextmanager
def proxied(directory: Path, **settings: str) -> Iterator[Proxied]:
    """Three processes, none of them started yet."""
    port, storage, secrets = free_ports(3)
    place = directory / "objects"
    _fill(place)
    token, kept = new_token(), directory / "secrets.json"
    _keep(kept, token)
    around = environment(port, f"http://{HOST}:{storage}", f"{HOST}:{secrets}")
    around |= {**SETTINGS, **settings}

    def part(*command: str) -> Part:
        return Part(*command, log=directory / f"{command[0]}.log", environment=around)

    storing = ("testing.storage", f"--port={storage}", f"--load={place}")
    parts = (
        part("proxy.main"),
        part(*storing),
        part("local.stand_ins.secret_manager", f"--port={secrets}", f"--state={kept}"),
    )
    try:
        yield Proxied(
            *parts,
            url=f"http://{HOST}:{port}",
            storage_url=f"http://{HOST}:{storage}",
            secrets_host=f"{HOST}:{secrets}",
            token=token,
        )
    finally:
        for each in parts:
            each.end()


@contextmanager
def running(directory: Path, **settings: str) -> Iterator[Proxied]:
    """The same, when the proxy is ready."""
    with proxied(directory, **settings) as on:
        on.restart_secrets()
        on.restart_storage()
        on.proxy.start()
        on.await_ready()
        yield on


def eventually(probe: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Return when it is so."""
    deadline = monotonic() + patience
    while not probe():
        assert monotonic() < deadline, f"not in {patience:g} s: {what}"
        sleep(0.05)


def _listens(host: str, port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex((host, port)) == 0


def _fill(place: Path) -> None:
    for address, data in contents().items():
        if address.startswith("/packages/"):
            file = place / layout.PACKAGES / address.removeprefix("/packages/")
        else:
            file = place / layout.STATIC / f"{address.strip('/')}/index.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _keep(path: Path, token: str) -> None:
    entry = Token(name="chaos", sha256=digest_of(token), created=datetime.now(UTC))
    store = SecretsStore(path)
    name = f"projects/{layout.PROJECT}/secrets/{layout.TOKENS_SECRET}"
    store.secrets[name] = [StoredVersion(TokenDocument(tokens=(entry,)).encode())]
    store.save()
