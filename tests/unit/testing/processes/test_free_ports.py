"""Searches for free ports: different processes never get the same port."""

import socket
import subprocess
import sys

from testing.processes import find_free_ports
from testing.processes.free_ports import HOST, PORTS

SEARCHES = "from testing.processes import find_free_ports; print(*find_free_ports(40))"


def test_ports_are_consecutive_and_none_of_outgoing_connections() -> None:
    ports = find_free_ports(12)

    assert ports == list(range(ports[0], ports[0] + 12))
    assert set(ports) <= set(PORTS)


def test_processes_that_search_at_once_get_different_ports() -> None:
    searches = [
        subprocess.Popen([sys.executable, "-c", SEARCHES], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    found = [port for search in searches for port in search.communicate()[0].split()]

    assert len(set(found)) == 160


def test_a_taken_port_is_not_found() -> None:
    [first] = find_free_ports(1)

    with socket.create_server((HOST, first + 2)):
        assert first + 2 not in find_free_ports(4)
