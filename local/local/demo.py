"""``make demo``: publishes a small wheel and installs it, and shows every step on the way.

It is a user, not a part: it does what CI and pip do, and looks into the buckets. The times are
those that Cloud Storage noted on the objects, so they do not count how long gcloud takes to start.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from local import journey
from local.clients import Clients
from local.installing import ThrowAway
from local.settings import Backends
from local.shipping import announce, upload
from local.state import Running, State
from local.wheel import Wheel
from schemas.names import normalize_project

Say = Callable[[str], None]

PROJECT = normalize_project("gcpypi-demo")
SOURCE = 'print("Hello from {name} {version}, by way of your own package index")\n'


def run(state: State, running: Running, say: Say) -> None:
    """Show it.

    :raises Failure: if a step does not happen, or not in time.
    """
    started = time.monotonic()
    # Unique, so that the demo can be given again: a file name, once used, stands for its bytes.
    run_id = str(int(time.time()))
    wheel = _wheel(f"0.0.{run_id}")
    name = f"demo/{run_id}/{wheel.filename}"
    with tempfile.TemporaryDirectory(prefix="gcpypi-demo-") as scratch:
        file = Path(scratch, wheel.filename)
        file.write_bytes(wheel.encode())
        say(f"\nbuild      {file.name} ({file.stat().st_size} bytes)")
        clients = Clients(Backends.at(running.ports))
        say(f"upload     {upload(state, clients, file, name)}")
        say(f"announce   {announce(state, running, clients, name)}")
        journey.follow(clients, name, PROJECT, wheel.filename, say)
        say(f"proxy      {journey.page(state, running, PROJECT, wheel.filename)}")
        environment = ThrowAway(Path(scratch, "venv"), state)
        say(f"install    {environment.install(PROJECT, wheel.version)}")
        say(f"run        {environment.run(wheel.name)}")
    say(f"\nIt took {time.monotonic() - started:.1f} s from building to running.")
    say(_next(running))


def _wheel(version: str) -> Wheel:
    name = PROJECT.replace("-", "_")
    source = SOURCE.format(name=PROJECT, version=version)
    return Wheel(name, version, "Proof that the index works", {f"{name}.py": source})


def _next(running: Running) -> str:
    index = running.ports.url("proxy")
    return f"""
Look at it    {index}/  (user __token__, password: GCPYPI_TOKEN in .local/env)
How to        make local-up says how to publish and install your own
Logs          make local-logs
Stop it       make local-down"""
