"""Pub/Sub for tests: the built-in stand-in, or Google's emulator."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc

from local.runtime.pubsub_choice import choose
from testing.processes import Process, find_free_port

PUBSUBS = ("built-in", "google")
"""Programs that implement Pub/Sub."""
_START = 600.0
"""Seconds to wait for the first connection."""


class PubsubUnavailable(Exception):
    """Google's emulator cannot be started on this machine."""


@contextmanager
def run_pubsub(kind: str) -> Iterator[str]:
    """Run one of :data:`PUBSUBS` on a free port; yield its address.

    :raises PubsubUnavailable: if it cannot be started.
    """
    port = find_free_port()
    command: Sequence[str] = (sys.executable, "-m", "local.stand_ins.pubsub", f"--port={port}")
    if kind == "google":
        choice = choose(port)
        if not choice.google:
            raise PubsubUnavailable(f"Google's emulator cannot be started: {choice.description}")
        command = choice.command
    address, quiet = f"127.0.0.1:{port}", subprocess.DEVNULL
    with Process(command, stdout=quiet, stderr=quiet):
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=_START)
        yield address
