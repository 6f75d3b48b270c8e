"""``make demo``: publishes a small wheel and installs it, and shows every step on the way.

It is a user, not a part: it does what CI and pip do, and looks into the buckets.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from local.clients import Clients
from local.demo.installing import ThrowAway
from local.demo.journey import Journey
from local.demo.shipping import announce, upload
from local.demo.step import Step
from local.demo.wheel import Wheel
from local.runtime.state import Running, State
from local.settings import Backends
from schemas.names import normalize_project, usual_spelling

PROJECT = normalize_project("gcpypi-demo")
SOURCE = 'print("Hello from {name} {version}, by way of your own package index")\n'


def run(state: State, running: Running, say: Callable[[str], None]) -> None:
    """Show it.

    :raises Failure: if a step does not happen, or not in time.
    """
    started = time.monotonic()
    # Unique, so that the demo can be given again: a file name, once used, stands for its bytes.
    run_id = str(int(time.time()))
    wheel = _wheel(f"0.0.{run_id}")
    directory = f"demo/{run_id}"
    clients = Clients(Backends.at(running.ports))
    say("")
    with tempfile.TemporaryDirectory(prefix="gcpypi-demo-") as scratch:
        file = Path(scratch, wheel.filename)
        file.write_bytes(wheel.encode())
        say(str(Step("build", time.monotonic() - started, wheel.filename)))
        say(str(upload(state, clients, file, directory)))
        journey = Journey(clients, f"{directory}/{wheel.filename}", PROJECT, wheel.filename)
        say(str(announce(state, running, clients, journey.name)))
        for step in journey.stages():
            say(str(step))
        say(str(journey.page(state, running)))
        environment = ThrowAway(Path(scratch, "venv"), state)
        say(str(environment.install(PROJECT, wheel.version)))
        say(str(environment.run(wheel.name)))
    say(_afterwards(state, running))


def _wheel(version: str) -> Wheel:
    name = usual_spelling(PROJECT)
    source = SOURCE.format(name=PROJECT, version=version)
    metadata = "Summary: Proof that the index works\nRequires-Python: >=3.8\n"
    return Wheel(name, version, {f"{name}.py": source.encode()}, metadata)


def _afterwards(state: State, running: Running) -> str:
    return f"""
(The times of ingest, indexer and publisher count from the upload, by Cloud Storage's clock.)

Look at it     {running.ports.url("proxy")}/  as __token__, with GCPYPI_TOKEN of {state.shown}
Publish yours  make local-up  says how
Logs           make local-logs
Stop it        make local-down"""
