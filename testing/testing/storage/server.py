"""The fake on a port, in a thread of this process or as the process itself."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn

from testing.storage.core import Storage
from testing.storage.http.app import App


class StorageServer:
    """A context manager: ``with StorageServer() as server:`` gives ``server.url`` to clients and
    ``server.storage`` to the test.

    :param port: 0 takes a free one.
    """

    def __init__(
        self, storage: Storage | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.storage = storage or Storage()
        # Named TCP, for asyncio turns off Nagle's delay of 40 ms an answer only if it is.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(1024)  # from here on clients wait and are not refused
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
        """Serve until stopped, by :meth:`stop` or by a signal to the main thread."""
        self._server.run(sockets=[self._socket])

    def start(self) -> Self:
        """Serve from a thread; return when it answers."""
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
