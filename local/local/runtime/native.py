"""Native runtime: every part is a process on this machine, without a container engine.

There are two groups. The backends start first. After the creation of buckets, topics and the token,
the relay and the services start. A failed backend loses the relay's queue, so it is reported and
not restarted; ``up`` starts all missing parts.
"""

import subprocess
import sys
from collections.abc import Callable

from local import topology
from local.errors import LocalError
from local.runtime.child_environment import build_environment
from local.runtime.group import Group, Program, check_ports
from local.runtime.pubsub_choice import PubsubChoice, choose
from local.runtime.state import StartedRuntime, State
from local.stand_ins import storage_server
from local.topology import Ports

PYTHON = (sys.executable, "-P", "-m")


def up(state: State, ports: Ports, say: Callable[[str], None]) -> bool:
    """Start missing parts, and wait until all answer; return False if all were running."""
    services, backends = _make_groups(state)
    runs = services.find_pid() is not None and backends.find_pid() is not None
    if backends.find_pid() is None:
        # Services that use ended backends must start again with the new ones.
        services.stop()
        _start_backends(backends, ports, say)
    if not runs:
        _run_bootstrap(state, ports)
        say("made      buckets, topics, subscriptions and a token")
        say(f"starting  relay, {', '.join(topology.SERVICES)}")
    try:
        services.start(_make_services(ports))
    except LocalError:
        # Pub/Sub has leased messages to a relay that has ended, so stop it too.
        backends.stop()
        raise
    return not runs


def down(state: State) -> None:
    """Stop all processes of the runtime."""
    for group in _make_groups(state):
        group.stop()


def _make_groups(state: State) -> tuple[Group, Group]:
    """Return the groups in the order of stopping."""
    return Group("services", state), Group("backends", state)


def _start_backends(group: Group, ports: Ports, say: Callable[[str], None]) -> None:
    state = group.state
    pubsub = choose(ports.pubsub)
    backends = _make_backends(state, ports, pubsub)
    # Check all ports now, including those of the services, before anything runs.
    check_ports([*backends, *_make_services(ports)])
    state.save(StartedRuntime("native", ports, gcloud_publishes=pubsub.google))
    state.log.unlink(missing_ok=True)
    say(f"starting  Pub/Sub: {pubsub.description}")
    durable = storage_server.can_keep_files(state.storage)
    kept = (
        f"in {state.storage}"
        if durable
        else "in memory, because this disk has no extended attributes"
    )
    say(f"starting  Cloud Storage: fake-gcs-server, {kept}; Secret Manager: a stand-in")
    group.start(backends)


def _make_backends(state: State, ports: Ports, pubsub: PubsubChoice) -> list[Program]:
    secrets = (
        "local.stand_ins.secret_manager",
        f"--port={ports.secrets}",
        f"--state={state.secrets}",
    )
    return [
        # Google's emulator answers HTTP; for the built-in one an open port is enough.
        Program("pubsub", pubsub.command, port=ports.pubsub, ready="/" if pubsub.google else ""),
        Program(
            "storage",
            storage_server.build_command(ports, state.storage),
            topology.build_emulator_environment(ports),
            ports.storage,
            "/_internal/healthcheck",
        ),
        Program("secrets", (*PYTHON, *secrets), port=ports.secrets),
    ]


def _make_services(ports: Ports) -> list[Program]:
    services = [
        Program(
            name,
            (*PYTHON, module),
            topology.build_service_environment(name, ports),
            getattr(ports, name),
            "/ready",
        )
        for name, module in topology.SERVICES.items()
    ]
    relay = Program(
        "relay", (*PYTHON, "local.stand_ins.relay"), topology.build_relay_environment(ports)
    )
    return [relay, *services]


def _run_bootstrap(state: State, ports: Ports) -> None:
    """Run the bootstrap job like Docker: a process with environment variables only."""
    job = subprocess.run(
        [*PYTHON, "local.bootstrap"],
        env=build_environment(
            {**topology.build_emulator_environment(ports), "GCPYPI_TOKEN": state.load_token()}
        ),
        cwd=state.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if job.returncode:
        raise LocalError(f"the bootstrap job failed:\n{job.stdout}")
