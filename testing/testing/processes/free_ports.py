"""Ports of this machine for servers of tests and benchmarks.

Linux gives the ports from 32768 to outgoing connections, macOS those from 49152. A lower port
stays free until its server listens, if no other search returns it. All processes of a user
therefore count on from the last port that a search returned.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

HOST = "127.0.0.1"
PORTS = range(27_000, 32_768)
"""Ports of the searches; the local runtime searches below them."""

_COUNTER = Path(tempfile.gettempdir()) / f"gcpypi-ports-{os.getuid()}"


def find_free_port() -> int:
    """Return a port without a listener at this moment."""
    return find_free_ports(1)[0]


def find_free_ports(count: int) -> list[int]:
    """Return ports without a listener at this moment, one after the other."""
    with _COUNTER.open("a+") as counter:
        fcntl.flock(counter, fcntl.LOCK_EX)
        counter.seek(0)
        first = int(counter.read() or PORTS.start)
        while not all(map(_is_free, range(first, first + count))):
            first = first + 1 if first + count < PORTS.stop else PORTS.start
        counter.truncate(0)
        counter.write(str(first + count))
    return list(range(first, first + count))


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return port in PORTS
