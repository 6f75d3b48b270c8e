"""Search for free ports of this machine."""

import random
import socket
from dataclasses import astuple

from local.topology import HOST, Ports

# The kernel gives higher ports to outgoing connections: Linux from 32768, macOS from 49152. One of
# those could be taken between the search and the start of its program. The tests search from 27000.
_BASES = range(20_000, 26_988)


def choose_free_ports() -> Ports:
    """Return consecutive ports that are free at the moment, from a random one."""
    while True:
        ports = Ports.from_base(random.choice(_BASES))  # noqa: S311 - no secret
        if not any(map(is_taken, astuple(ports))):
            return ports


def is_taken(port: int) -> bool:
    """Return True if another process uses the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
