"""The proxy over real HTTP on a storage that fails, hangs and breaks off; and among bad clients."""

import asyncio
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from starlette.routing import Router

from access.token_set import TokenSet
from cloud.errors import Unavailable
from cloud.reader import Storage, StorageReader
from proxy.main import Clients, build_app
from proxy.settings import Settings
from testing.proxy import LARGE, LARGE_BYTES, WHEEL, WHEEL_BYTES, AccessLog, MemoryProxy, basic
from testing.storage import Fault, StorageServer
from unit.proxy.conftest import Served, serving

IDLE, SLOW, LEAVING = 300, 50, 34
ROUNDS = 3
POOLED = 2 * SLOW + 20
"""Both ends of connections to storage, kept for the next request: as many as were needed at once,
and no more however often that happens."""
PATIENCE = 5.0
PAGE = "/simple/alpha-pkg/"


class HttpProxy(MemoryProxy):
    """The same surroundings, with the adapter and HTTP between the proxy and its storage."""

    def _build(self, settings: dict[str, object]) -> Router:
        self.server = StorageServer(self.storage).start()
        names = {"project": "acme-prod", "static_bucket": "static", "packages_bucket": "packages"}
        limits = {"storage_timeout": 1.0, "tokens_secret": "tokens"}
        chosen = Settings.model_validate({**names, **limits, **settings})
        storage = Storage(self.server.url, None, concurrency=32, timeout=chosen.storage_timeout)
        clients = Clients(
            static=StorageReader(storage, "static"),
            packages=StorageReader(storage, "packages"),
            load_tokens=self._noted,
            close=storage.close,
            clock=self.clock,
        )
        return build_app(chosen, clients)

    async def _noted(self, last: TokenSet | None) -> TokenSet:
        self.loop = asyncio.get_running_loop()
        return await self._read_tokens(last)


@pytest.fixture(params=[None, 1_000_000], ids=["with its length", "chunked"])
def proxy(request: pytest.FixtureRequest) -> Iterator[Served]:
    world = HttpProxy(max_content_length=request.param)
    with serving(world) as served:
        yield served
    world.server.stop()


def world_of(proxy: Served) -> HttpProxy:
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
    world = HttpProxy(storage_timeout=0.2)
    with serving(world) as served:
        world.storage.faults.add(fault)
        answer = served.get(path)
        world.storage.faults.clear()
    world.server.stop()
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")


def test_pages_are_served_stale_and_the_log_says_so(
    proxy: Served, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world, log = world_of(proxy), AccessLog(capsys, caplog)
    fresh = proxy.get(PAGE)
    world.storage.faults.add(Fault("error", status=503, times=None))
    world.clock.now += 10
    stale = proxy.get(PAGE)
    assert (stale.status, stale.body) == (200, fresh.body)
    eventually(lambda: len(log.lines()) == 2)
    assert [line.get("cache") for line in log.lines()] == ["read", "stale"]


def test_without_secret_manager_the_last_good_tokens_serve(proxy: Served) -> None:
    world = world_of(proxy)
    assert proxy.get(PAGE).status == 200
    world.tokens = Unavailable("tokens", "gone")
    world.clock.now += 1000
    assert [proxy.get(PAGE).status for _ in range(5)] == [200] * 5
    assert proxy.raw("GET", PAGE).status == 401


@pytest.mark.parametrize("times", [1, 2, None], ids=["once", "twice", "for ever"])
@pytest.mark.parametrize(
    ("name", "data"), [(WHEEL, WHEEL_BYTES), (LARGE, LARGE_BYTES)], ids=["small", "large"]
)
def test_a_body_that_breaks_off_in_storage_is_mended_or_cut_and_never_wrong(
    proxy: Served, name: str, data: bytes, times: int | None
) -> None:
    fault = Fault("truncate", after_bytes=len(data) // 3, times=times)
    world_of(proxy).storage.faults.add(fault)
    try:
        answer = proxy.get(f"/packages/{name}")
    except (http.client.IncompleteRead, ConnectionError):
        answer = None
    if answer is None or answer.status == 503:
        assert times is None
    else:
        assert (answer.status, answer.body) == (200, data)


def test_idle_slow_and_leaving_clients_hinder_nobody_and_leave_nothing(proxy: Served) -> None:
    world = world_of(proxy)
    assert proxy.get(f"/packages/{LARGE}").body == LARGE_BYTES
    before = left(world)
    for _ in range(ROUNDS):
        crowd_out(proxy, LEAVING)
        others = [connected(proxy) for _ in range(IDLE)]
        others += [asking(proxy) for _ in range(SLOW)]
        started = time.monotonic()
        assert proxy.get(f"/packages/{LARGE}").body == LARGE_BYTES
        assert proxy.get(PAGE).status == 200
        assert time.monotonic() - started < PATIENCE
        for other in others:
            other.close()
        eventually(lambda: left(world)[1] <= before[1] and left(world)[0] <= before[0] + POOLED)
    assert left(world)[2] - before[2] < 64 * 1024 * 1024


def crowd_out(proxy: Served, times: int) -> None:
    """Ask for a large file and leave in the middle of it."""
    for _ in range(times):
        with asking(proxy) as connection:
            assert len(connection.recv(1000)) > 0


def connected(proxy: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def asking(proxy: Served) -> socket.socket:
    connection = connected(proxy)
    request = f"GET /packages/{LARGE} HTTP/1.1\r\nHost: a\r\nAuthorization: {basic()}\r\n\r\n"
    connection.sendall(request.encode())
    return connection


def left(world: HttpProxy) -> tuple[int, int, int]:
    """Open file descriptors, tasks of the proxy, bytes of memory."""
    descriptors = len(os.listdir("/proc/self/fd"))
    with open("/proc/self/statm", encoding="ascii") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return descriptors, len(asyncio.all_tasks(world.loop)), resident


def eventually(probe: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not probe():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
