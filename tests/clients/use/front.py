"""Front end with an address that exists before the runtime, for ``INDEX_URL``."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class Front:
    """Address of the front end, and the port to which it forwards."""

    address: str
    """Scheme, host and port."""
    port: int = 0


@contextmanager
def run_front() -> Iterator[Front]:
    """Forward connections on a free port of the loopback."""
    front = Front("")

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", front.port)) as backend:
                answers = Thread(target=_pump, args=(backend, self.request))
                answers.start()
                _pump(self.request, backend)
                answers.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        front.address = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield front
        finally:
            server.shutdown()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # the other side has closed the connection
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
