"""The proxy over real HTTP, with uvicorn on a loopback port."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import uvicorn

from proxy.http.protocol import GuardedProtocol
from testing.memory_proxy import (
    AccessLogReader,
    MemoryProxy,
    ProxyResponse,
    encode_basic,
    make_response,
)


class ProxyServer:
    """Proxy in memory that is served over HTTP. Tests do not change it."""

    def __init__(self, proxy: MemoryProxy, port: int) -> None:
        self.proxy, self.port = proxy, port

    def raw(
        self, method: str, target: str, headers: Mapping[str, str] | None = None
    ) -> ProxyResponse:
        """Send a request with exactly these header fields."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return make_response(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> ProxyResponse:
        return self.raw("GET", target, {"Authorization": encode_basic(), **(headers or {})})

    def head(self, target: str, headers: Mapping[str, str] | None = None) -> ProxyResponse:
        return self.raw("HEAD", target, {"Authorization": encode_basic(), **(headers or {})})


@contextmanager
def serve(
    proxy: MemoryProxy, protocol: type[GuardedProtocol] = GuardedProtocol
) -> Iterator[ProxyServer]:
    """Serve a proxy with the options of ``proxy.main``."""
    config = uvicorn.Config(
        proxy.app,
        lifespan="on",
        log_config=None,
        access_log=False,
        ws="none",
        http=protocol,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + 600
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield ProxyServer(proxy, listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def proxy(request: pytest.FixtureRequest) -> MemoryProxy:
    """The proxy in memory, with the settings of ``@pytest.mark.settings``."""
    settings: dict[str, object] = {"storage_timeout": 2}
    for marker in request.node.iter_markers("settings"):
        settings |= marker.kwargs
    return MemoryProxy(**settings)


@pytest.fixture(scope="session")
def server() -> Iterator[ProxyServer]:
    proxy = MemoryProxy()
    proxy.block(gone={"quarantined": True})
    proxy.put_file("gone-1.0-py3-none-any.whl", b"quarantined")
    with serve(proxy) as server:
        yield server


@pytest.fixture
def access_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> AccessLogReader:
    return AccessLogReader(capsys, caplog)
