"""Ports for a local runtime of the tests."""

from dataclasses import fields

from local.topology import Ports
from testing.processes import find_free_ports


def find_runtime_ports() -> Ports:
    """Return consecutive ports, which no other test gets before they are used."""
    return Ports(*find_free_ports(len(fields(Ports))))
