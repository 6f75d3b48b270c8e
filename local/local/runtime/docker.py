"""The Docker runtime: docker-compose.yml, with an engine that answers."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local import layout
from local.failure import Failure
from local.layout import Ports
from local.runtime.inherited import environment
from local.runtime.state import Running, State

CONTAINERS = (
    *("pubsub", "storage", "secrets", "relay"),
    *("ingest", "indexer", "publisher", "publisher-catalog", "proxy"),
)
START_SECONDS = 120.0
# The repository: where the Compose file and the Dockerfile stand.
ROOT = Path(__file__).resolve().parents[3]


def answers() -> bool:
    """Whether there is a Docker engine."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return not subprocess.run([docker, "info"], capture_output=True, timeout=10).returncode
    except subprocess.TimeoutExpired:
        return False


def up(state: State, ports: Ports, say: Callable[[str], None]) -> bool:
    """Start what does not run yet, return when all is healthy; False if all of it ran."""
    if state.running() and set(CONTAINERS) <= _healthy(state, ports):
        return False
    state.note(Running("docker", ports, gcloud_publishes=True))
    say("starting  containers; the first time images are built, which takes minutes")
    _compose(state, ports, "up", "--detach", "--build", "--remove-orphans")
    _await_healthy(state, ports)
    return True


def down(state: State, ports: Ports) -> None:
    """Remove the containers; the volumes, with buckets and secrets, stay."""
    _compose(state, ports, "down", "--remove-orphans")


def _healthy(state: State, ports: Ports) -> set[str]:
    """Return the services whose container runs and, where it has a health check, passes it."""
    command = [*_command(ports), "ps", "--format={{.Service}} {{.State}} {{.Health}}"]
    answer = subprocess.run(command, env=_environment(state, ports), capture_output=True, text=True)
    rows = [line.split() for line in answer.stdout.splitlines()]
    return {name for name, *status in rows if status in (["running"], ["running", "healthy"])}


def _await_healthy(state: State, ports: Ports) -> None:
    until = time.monotonic() + START_SECONDS
    while missing := set(CONTAINERS) - _healthy(state, ports):
        if time.monotonic() > until:
            names = ", ".join(sorted(missing))
            raise Failure(f"not healthy after {START_SECONDS:.0f} s: {names}; see make local-logs")
        time.sleep(0.5)


def print_logs(state: State, ports: Ports, *, lines: int, follow: bool) -> None:
    """Print the logs."""
    options = ["--follow"] if follow else []
    _compose(state, ports, "logs", f"--tail={lines}", *options)


def _compose(state: State, ports: Ports, *arguments: str) -> None:
    command = [*_command(ports), *arguments]
    if subprocess.run(command, env=_environment(state, ports)).returncode:
        raise Failure(f"docker compose {arguments[0]} failed; what it said stands above")


def _command(ports: Ports) -> Sequence[str]:
    # A second runtime on other ports is another project, with its own containers and volumes.
    project = layout.PROJECT if ports.standard else f"{layout.PROJECT}-{ports.proxy}"
    return [*_program(), "--project-directory", str(ROOT), "--project-name", project]


def _program() -> Sequence[str]:
    """Return Docker's plugin, or else the same program from the PyPI package."""
    docker = shutil.which("docker") or "docker"
    if not subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        return [docker, "compose"]
    standalone = Path(sys.executable).with_name("docker-compose")
    if standalone.exists():
        return [str(standalone)]
    raise Failure("an engine answers, but there is no Docker Compose; try RUNTIME=native")


def _environment(state: State, ports: Ports) -> dict[str, str]:
    return environment({**layout.published_ports(ports), "GCPYPI_TOKEN": state.token()})
