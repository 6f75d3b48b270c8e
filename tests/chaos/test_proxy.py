"""Proxy over HTTP, with a storage that fails, hangs and disconnects, and with bad clients."""

import asyncio
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from starlette.routing import Router

from access.token_set import TokenSet
from cloud.errors import Unavailable
from cloud.reader import StorageReader, StorageSession
from proxy.main import Clients, build_app
from proxy.settings import Settings
from testing.memory_proxy import (
    LARGE,
    LARGE_BYTES,
    WHEEL,
    WHEEL_BYTES,
    AccessLogReader,
    MemoryProxy,
    encode_basic,
)
from testing.storage import Fault, StorageServer
from unit.proxy.conftest import ProxyServer, serve

IDLE, SLOW, LEAVING = 300, 50, 34
ROUNDS = 3
POOLED = 2 * SLOW + 20
"""Descriptors of pooled connections to storage, both ends: at most the number of concurrent
requests."""
PATIENCE = 600.0
PAGE = "/simple/alpha-pkg/"


class HttpProxy(MemoryProxy):
    """Proxy with the adapter and HTTP between it and its storage."""

    def _build(self, settings: dict[str, object]) -> Router:
        self.server = StorageServer(self.storage).start()
        names = {
            "gcp_project": "acme-prod",
            "static_bucket": "static",
            "packages_bucket": "packages",
        }
        # On a busy machine an answer of the storage can take seconds.
        limits = {"storage_timeout": 30.0, "tokens_secret": "tokens"}
        parsed = Settings.model_validate({**names, **limits, **settings})
        storage = StorageSession(
            self.server.url, None, concurrency=32, timeout=parsed.storage_timeout
        )
        clients = Clients(
            static=StorageReader(storage, "static"),
            packages=StorageReader(storage, "packages"),
            load_tokens=self._load_tokens,
            close=storage.close,
            clock=self.clock,
        )
        return build_app(parsed, clients)

    async def _load_tokens(self, last: TokenSet | None) -> TokenSet:
        self.loop = asyncio.get_running_loop()
        return await self._read_tokens(last)


@pytest.fixture(params=[None, 1_000_000], ids=["with its length", "chunked"])
def proxy(request: pytest.FixtureRequest) -> Iterator[ProxyServer]:
    with run_http_proxy(max_content_length=request.param) as served:
        yield served


@contextmanager
def run_http_proxy(**settings: object) -> Iterator[ProxyServer]:
    world = HttpProxy(**settings)
    with serve(world) as served:
        yield served
    world.server.stop()


def get_world(proxy: ProxyServer) -> HttpProxy:
    assert isinstance(proxy.proxy, HttpProxy)
    return proxy.proxy


FAULTS = [
    *(Fault("error", status=status, times=None) for status in (429, 504)),
    Fault("hang", seconds=3, times=None),
    Fault("reset", times=None),
]


@pytest.mark.parametrize("path", [PAGE, f"/packages/{WHEEL}", f"/packages/{LARGE}"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind} {fault.status}")
def test_storage_that_fails_or_hangs_is_503_and_never_504_or_429(fault: Fault, path: str) -> None:
    with run_http_proxy(storage_timeout=0.2) as served:
        faults = get_world(served).storage.faults
        faults.add(fault)
        answer = served.get(path)
        faults.clear()
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


def test_stale_pages_are_served_and_logged(
    proxy: ProxyServer, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world, log = get_world(proxy), AccessLogReader(capsys, caplog)
    fresh = proxy.get(PAGE)
    world.storage.faults.add(Fault("error", status=503, times=None))
    world.clock.now += 10
    stale = proxy.get(PAGE)
    assert (stale.status, stale.body) == (200, fresh.body)
    wait_until(lambda: len(log.read_lines()) == 2)
    assert [line.get("cache") for line in log.read_lines()] == ["read", "stale"]


def test_without_secret_manager_the_last_good_tokens_serve(proxy: ProxyServer) -> None:
    world = get_world(proxy)
    assert proxy.get(PAGE).status == 200
    world.tokens = Unavailable("tokens", "gone")
    world.clock.now += 1000
    assert [proxy.get(PAGE).status for _ in range(5)] == [200] * 5
    assert proxy.raw("GET", PAGE).status == 401


@pytest.mark.parametrize("times", [1, 2, None], ids=["once", "twice", "always"])
@pytest.mark.parametrize(
    ("name", "data"), [(WHEEL, WHEEL_BYTES), (LARGE, LARGE_BYTES)], ids=["small", "large"]
)
def test_a_body_interrupted_in_storage_is_repaired_or_incomplete_and_never_wrong(
    proxy: ProxyServer, name: str, data: bytes, times: int | None
) -> None:
    fault = Fault("truncate", after_bytes=len(data) // 3, times=times)
    get_world(proxy).storage.faults.add(fault)
    try:
        answer = proxy.get(f"/packages/{name}")
    except (http.client.IncompleteRead, ConnectionError):
        answer = None
    if answer is None or answer.status == 503:
        assert times is None
    else:
        assert (answer.status, answer.body) == (200, data)


def test_idle_slow_and_leaving_clients_block_no_client_and_leak_nothing(
    proxy: ProxyServer,
) -> None:
    world = get_world(proxy)
    assert proxy.get(f"/packages/{LARGE}").body == LARGE_BYTES
    before = measure(world)
    memory = [serve_slow_clients(proxy, before) for _ in range(1 + ROUNDS)]
    # The first round fills buffers and pools, which later rounds use again.
    assert memory[-1] - memory[0] < 64 * 1024 * 1024


def serve_slow_clients(proxy: ProxyServer, before: tuple[int, int, int]) -> int:
    """Serve idle, slow and leaving clients among others; return the bytes of memory.

    :param before: result of :func:`measure`; the proxy must use no more descriptors and tasks.
    """
    world = get_world(proxy)
    leave_downloads(proxy, LEAVING)
    clients = [connect(proxy) for _ in range(IDLE)]
    clients += [request_large_file(proxy) for _ in range(SLOW)]
    assert proxy.get(f"/packages/{LARGE}").body == LARGE_BYTES
    assert proxy.get(PAGE).status == 200
    for client in clients:
        client.close()
    wait_until(lambda: measure(world)[1] <= before[1] and measure(world)[0] <= before[0] + POOLED)
    return measure(world)[2]


def leave_downloads(proxy: ProxyServer, times: int) -> None:
    """Request a large file and disconnect in the middle, ``times`` times."""
    for _ in range(times):
        with request_large_file(proxy) as connection:
            assert len(connection.recv(1000)) > 0


def connect(proxy: ProxyServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=600)


def request_large_file(proxy: ProxyServer) -> socket.socket:
    connection = connect(proxy)
    request = (
        f"GET /packages/{LARGE} HTTP/1.1\r\nHost: a\r\nAuthorization: {encode_basic()}\r\n\r\n"
    )
    connection.sendall(request.encode())
    return connection


def measure(world: HttpProxy) -> tuple[int, int, int]:
    """Return the open file descriptors, the tasks of the proxy and the bytes of memory."""
    descriptors = len(os.listdir("/proc/self/fd"))
    with open("/proc/self/statm", encoding="ascii") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return descriptors, len(asyncio.all_tasks(world.loop)), resident


def wait_until(probe: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not probe():
        assert time.monotonic() < deadline, f"still false after {PATIENCE} s"
        time.sleep(0.05)
