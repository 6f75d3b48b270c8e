"""Command of ``make demo``: publish small wheels, install one, and show every step.

It acts as a user: it runs the steps of CI, uv and pip, and reads the buckets. The first wheel goes
into the bucket; the second one through the upload service.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from local.clients import StandInClients
from local.demo.ci_steps import announce, publish, upload
from local.demo.file_trace import FileTrace
from local.demo.step import Step
from local.demo.temporary_environment import TemporaryEnvironment
from local.demo.wheel_builder import Wheel
from local.runtime.state import StartedRuntime, State
from local.settings import Backends
from schemas.names import escape_project, normalize_project

PROJECT = normalize_project("gcpypi-demo")
SOURCE = 'print("Hello from {name} {version}, installed from your own package index")\n'


def run(state: State, running: StartedRuntime, say: Callable[[str], None]) -> None:
    """Run the demo.

    :raises LocalError: if a step fails or takes too long.
    """
    started = time.monotonic()
    # A unique version lets the demo run again: a file name always means the same bytes.
    run_id = str(int(time.time()))
    wheel, second = _make_wheel(f"0.0.{run_id}"), _make_wheel(f"0.0.{run_id}.post1")
    directory = f"demo/{run_id}"
    clients = StandInClients(Backends.from_ports(running.ports))
    say("")
    with tempfile.TemporaryDirectory(prefix="gcpypi-demo-") as scratch:
        file, second_file = Path(scratch, wheel.filename), Path(scratch, second.filename)
        file.write_bytes(wheel.encode())
        second_file.write_bytes(second.encode())
        say(str(Step("build", time.monotonic() - started, wheel.filename)))
        say(str(upload(state, clients, file, directory)))
        trace = FileTrace(clients, f"{directory}/{wheel.filename}", PROJECT, wheel.filename)
        say(str(announce(state, running, clients, trace.name)))
        for step in trace.list_service_steps():
            say(str(step))
        say(str(trace.fetch_page(state, running, wheel.filename)))
        say(str(publish(state, second_file)))
        # The proxy can still have the page of the first wheel in its memory.
        trace.fetch_page(state, running, second.filename)
        environment = TemporaryEnvironment(Path(scratch, "venv"), state)
        say(str(environment.install(PROJECT, second.version)))
        say(str(environment.run(second.name)))
    say(_format_hints(state, running))


def _make_wheel(version: str) -> Wheel:
    name = escape_project(PROJECT)
    source = SOURCE.format(name=PROJECT, version=version)
    metadata = "Summary: Proof that the index works\nRequires-Python: >=3.8\n"
    return Wheel(name, version, {f"{name}.py": source.encode()}, metadata)


def _format_hints(state: State, running: StartedRuntime) -> str:
    index = running.ports.url("proxy")
    return f"""
(The times of ingest to web are measured from the upload, by Cloud Storage's clock.)

Look at it     {index}/projects/{PROJECT}/  as __token__, with GCPYPI_TOKEN of {state.display_path}
Publish yours  make local-up  prints the commands
Logs           make local-logs
Stop it        make local-down"""
