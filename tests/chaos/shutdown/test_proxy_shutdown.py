"""SIGTERM to the proxy in the middle of a download."""

import http.client
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from testing.services.proxy_processes import (
    LARGE,
    PAGE,
    ProxyProcesses,
    make_contents,
    run_proxy,
    wait_until,
)

PATIENCE = 600.0


@pytest.fixture
def on(tmp_path: Path) -> Iterator[ProxyProcesses]:
    with run_proxy(tmp_path) as processes:
        yield processes


def request(
    on: ProxyProcesses, connection: http.client.HTTPConnection, address: str
) -> http.client.HTTPResponse:
    connection.request("GET", address, headers={"Authorization": on.authorization})
    return connection.getresponse()


def connect(on: ProxyProcesses) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(on.url).netloc, timeout=PATIENCE)


def is_closed(on: ProxyProcesses) -> bool:
    try:
        urlopen(f"{on.url}/health", timeout=PATIENCE).close()  # noqa: S310 - ours
    except OSError:
        return True
    return False


def test_a_shutdown_finishes_a_download_and_closes_idle_connections(on: ProxyProcesses) -> None:
    with closing(connect(on)) as busy, closing(connect(on)) as idle:
        assert request(on, idle, PAGE).read() == make_contents()[PAGE]
        download = request(on, busy, LARGE)
        first = download.read(100_000)
        on.proxy.process.terminate()
        wait_until(lambda: is_closed(on), "the proxy accepts no connection", PATIENCE)
        assert idle.sock is not None
        assert idle.sock.recv(1) == b""
        assert first + download.read() == make_contents()[LARGE]
        assert on.proxy.process.wait(PATIENCE) == -signal.SIGTERM


def test_a_shutdown_cuts_a_download_that_does_not_end(on: ProxyProcesses) -> None:
    """The client sees that its file is not complete, so that it tries again."""
    with closing(connect(on)) as slow:
        download = request(on, slow, LARGE)
        first = download.read(100_000)
        on.proxy.process.terminate()
        assert on.proxy.process.wait(PATIENCE) == -signal.SIGTERM
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            download.read()
    assert first == make_contents()[LARGE][:100_000]
