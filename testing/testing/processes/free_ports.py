"""Ports of this machine for servers of tests and benchmarks."""

import socket

HOST = "127.0.0.1"


def find_free_port() -> int:
    """Return a port without a listener at this moment."""
    return find_free_ports(1)[0]


def find_free_ports(count: int) -> list[int]:
    """Return different ports without a listener at this moment."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
