"""Start a service with a socket that answers with the number of its unfinished asyncio tasks.

    python -m benchmarks.soak.observed_service SOCKET MODULE

No service has such an interface. The number comes from the garbage collector, which lists the tasks
of each event loop. The thread of the socket and the socket itself count as resources of the
service, from its start to its end.
"""

import asyncio
import gc
import runpy
import socket
import sys
import threading
from pathlib import Path


def count_tasks() -> int:
    """Return the number of the unfinished tasks of this process."""
    types = ((type(each), each) for each in gc.get_objects())
    return sum(issubclass(kind, asyncio.Task) and not each.done() for kind, each in types)


def serve_count(path: Path) -> None:
    """Answer each connection with the number of tasks, from a thread."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=_answer, args=(listener,), daemon=True, name="task count").start()


def _answer(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(str(count_tasks()).encode())


def ask_count(path: Path) -> int:
    """Return the number of tasks of the service with this socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(str(path))
        return int(client.recv(64))


def main() -> None:
    """Run the module as its own command does."""
    path, module = Path(sys.argv[1]), sys.argv[2]
    sys.argv[1:] = []
    serve_count(path)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
