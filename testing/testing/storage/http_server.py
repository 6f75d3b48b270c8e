"""HTTP server of the fake, in a thread or in the main thread."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn

from testing.storage.core import FakeStorage
from testing.storage.http.app import App


class StorageServer:
    """A context manager that serves a storage.

    In ``with StorageServer() as server:`` clients use ``server.url`` and the test uses
    ``server.storage``.

    :param port: 0 takes a free port.
    """

    def __init__(
        self, storage: FakeStorage | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.storage = storage or FakeStorage()
        # asyncio disables Nagle's algorithm (40 ms per response) only with an explicit IPPROTO_TCP.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(1024)  # from here on, connections of clients wait
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self.storage.origin = self.url
        config = uvicorn.Config(
            App(self.storage),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            loop="uvloop",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.run, name="testing.storage", daemon=True)

    def run(self) -> None:
        """Serve until :meth:`stop` or a signal to the main thread."""
        self._server.run(sockets=[self._socket])

    def start(self) -> Self:
        """Serve from a thread; return when the server is ready."""
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the fake of Cloud Storage did not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
