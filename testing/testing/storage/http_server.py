"""HTTP server of the fake, in a thread or in the main thread."""

import threading
import time
from types import TracebackType
from typing import Self

from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.http.app import StorageApp
from local.stand_ins.storage.http.listener import create_server, open_socket
from testing.storage.control import handle


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
        self._socket = open_socket(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self.storage.origin = self.url
        self._server = create_server(StorageApp(self.storage, handle))
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
