"""Docker runtime: the containers of docker-compose.yml."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from local import topology
from local.errors import LocalError
from local.runtime.child_environment import build_environment
from local.runtime.state import StartedRuntime, State
from local.topology import Ports

CONTAINERS = (
    *("pubsub", "storage", "secrets", "signer", "signed-put", "relay"),
    *("ingest", "indexer", "publisher", "publisher-catalog", "web", "proxy", "upload"),
)
START_SECONDS = 120.0
# Root of the repository, with the Compose file and the Dockerfile.
ROOT = Path(__file__).resolve().parents[3]


def is_engine_available() -> bool:
    """Return whether a Docker engine answers."""
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        return not subprocess.run([docker, "info"], capture_output=True, timeout=10).returncode
    except subprocess.TimeoutExpired:
        return False


def up(state: State, ports: Ports, say: Callable[[str], None]) -> bool:
    """Start missing containers and wait until all are healthy; return False if all were running."""
    if state.load() and set(CONTAINERS) <= _list_healthy(state, ports):
        return False
    state.save(StartedRuntime("docker", ports, gcloud_publishes=True))
    say("starting  containers; the first start builds the images, which takes minutes")
    _run_compose(state, ports, "up", "--detach", "--build", "--remove-orphans")
    _wait_until_healthy(state, ports)
    return True


def down(state: State, ports: Ports) -> None:
    """Remove the containers; keep the volumes with buckets and secrets."""
    _run_compose(state, ports, "down", "--remove-orphans")


def _list_healthy(state: State, ports: Ports) -> set[str]:
    """Return the services with a running container that passes its health check, if it has one."""
    command = [*_build_command(ports), "ps", "--format={{.Service}} {{.State}} {{.Health}}"]
    answer = subprocess.run(
        command, env=_build_environment(state, ports), capture_output=True, text=True
    )
    rows = [line.split() for line in answer.stdout.splitlines()]
    return {name for name, *status in rows if status in (["running"], ["running", "healthy"])}


def _wait_until_healthy(state: State, ports: Ports) -> None:
    until = time.monotonic() + START_SECONDS
    while missing := set(CONTAINERS) - _list_healthy(state, ports):
        if time.monotonic() > until:
            names = ", ".join(sorted(missing))
            raise LocalError(
                f"not healthy after {START_SECONDS:.0f} s: {names}; see make local-logs"
            )
        time.sleep(0.5)


def print_logs(state: State, ports: Ports, *, lines: int, follow: bool) -> None:
    """Print the logs of all containers."""
    options = ["--follow"] if follow else []
    _run_compose(state, ports, "logs", f"--tail={lines}", *options)


def read_logs(state: State, ports: Ports) -> Sequence[str]:
    """Return all lines of all containers, with their times."""
    command = [*_build_command(ports), "logs", "--no-color", "--timestamps"]
    environment = _build_environment(state, ports)
    answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if answer.returncode:
        raise LocalError("docker compose logs failed; see its output above")
    return answer.stdout.splitlines()


def _run_compose(state: State, ports: Ports, *arguments: str) -> None:
    command = [*_build_command(ports), *arguments]
    if subprocess.run(command, env=_build_environment(state, ports)).returncode:
        raise LocalError(f"docker compose {arguments[0]} failed; see its output above")


def _build_command(ports: Ports) -> Sequence[str]:
    # A runtime on other ports is a separate Compose project, with its own containers and volumes.
    project = topology.GCP_PROJECT if ports.is_standard else f"{topology.GCP_PROJECT}-{ports.proxy}"
    return [*_find_compose(), "--project-directory", str(ROOT), "--project-name", project]


def _find_compose() -> Sequence[str]:
    """Return the command of Docker's Compose plugin, else of the PyPI package."""
    docker = shutil.which("docker") or "docker"
    if not subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        return [docker, "compose"]
    standalone = Path(sys.executable).with_name("docker-compose")
    if standalone.exists():
        return [str(standalone)]
    raise LocalError(
        "a Docker engine answers, but Docker Compose is not installed; try RUNTIME=native"
    )


def _build_environment(state: State, ports: Ports) -> dict[str, str]:
    return build_environment({**topology.build_compose_environment(ports), **state.read_tokens()})
