"""Free ports of the local runtime."""

import random
from dataclasses import asdict

import pytest

from local import port_choice
from local.port_choice import choose_free_ports
from local.topology import Ports


def test_free_ports_are_none_of_outgoing_connections() -> None:
    ports = list(asdict(choose_free_ports()).values())

    assert ports == list(range(ports[0], ports[0] + 12))
    assert ports[-1] < 27_000


def test_a_block_with_a_taken_port_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    bases = iter([21_000, 22_000])
    monkeypatch.setattr(random, "choice", lambda _: next(bases))
    monkeypatch.setattr(port_choice, "is_taken", lambda port: port == 21_011)

    assert choose_free_ports() == Ports.from_base(22_000)
