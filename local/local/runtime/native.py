"""The native runtime: every part a process of this machine, no container engine needed.

Two groups, one after the other: the backends, then – when buckets, topics and the token are there –
the relay and the services. A backend that dies takes the relay's queue with it, so it is reported
rather than restarted; ``up`` starts again what is missing.
"""

import subprocess
import sys
from collections.abc import Callable

from local import layout
from local.failure import Failure
from local.layout import Ports
from local.runtime.group import Group, Program, check_ports
from local.runtime.inherited import environment
from local.runtime.pubsub_choice import PubsubChoice, choose
from local.runtime.state import Running, State
from local.stand_ins import storage_server

PYTHON = (sys.executable, "-P", "-m")


def up(state: State, ports: Ports, say: Callable[[str], None]) -> bool:
    """Start what does not run yet, return when everything answers; False if all of it ran."""
    services, backends = _groups(state)
    runs = services.pid() is not None and backends.pid() is not None
    if backends.pid() is None:
        # Whoever still talks to backends that are gone starts afresh with the new ones.
        services.stop()
        _start_backends(backends, ports, say)
    if not runs:
        _bootstrap(state, ports)
        say("made      buckets, topics, subscriptions and a token")
        say(f"starting  relay, {', '.join(layout.SERVICES)}")
    try:
        services.start(_services(ports))
    except Failure:
        # Pub/Sub has handed its next messages to a relay that is gone: better it goes as well.
        backends.stop()
        raise
    return not runs


def down(state: State) -> None:
    """Stop our own processes."""
    for group in _groups(state):
        group.stop()


def _groups(state: State) -> tuple[Group, Group]:
    """Return the groups in the order they stop."""
    return Group("services", state), Group("backends", state)


def _start_backends(group: Group, ports: Ports, say: Callable[[str], None]) -> None:
    state = group.state
    pubsub = choose(ports.pubsub)
    backends = _backends(state, ports, pubsub)
    # All of them now, rather than the services' when half of it runs.
    check_ports([*backends, *_services(ports)])
    state.note(Running("native", ports, gcloud_publishes=pubsub.google))
    state.log.unlink(missing_ok=True)
    say(f"starting  Pub/Sub: {pubsub.words}")
    durable = storage_server.keeps_files(state.storage)
    kept = f"in {state.storage}" if durable else "in memory: this disk knows no attributes"
    say(f"starting  Cloud Storage: fake-gcs-server, {kept}; Secret Manager: a stand-in")
    group.start(backends)


def _backends(state: State, ports: Ports, pubsub: PubsubChoice) -> list[Program]:
    secrets = (
        "local.stand_ins.secret_manager",
        f"--port={ports.secrets}",
        f"--state={state.secrets}",
    )
    return [
        # Google's says Ok over HTTP; of the built-in one, that it listens is enough.
        Program("pubsub", pubsub.command, port=ports.pubsub, ready="/" if pubsub.google else ""),
        Program(
            "storage",
            storage_server.command(ports, state.storage),
            layout.emulators(ports),
            ports.storage,
            "/_internal/healthcheck",
        ),
        Program("secrets", (*PYTHON, *secrets), port=ports.secrets),
    ]


def _services(ports: Ports) -> list[Program]:
    services = [
        Program(
            name,
            (*PYTHON, module),
            layout.service_environment(name, ports),
            getattr(ports, name),
            "/ready",
        )
        for name, module in layout.SERVICES.items()
    ]
    relay = Program("relay", (*PYTHON, "local.stand_ins.relay"), layout.relay_environment(ports))
    return [relay, *services]


def _bootstrap(state: State, ports: Ports) -> None:
    """Run the job as Docker does: a process with nothing but its environment."""
    job = subprocess.run(
        [*PYTHON, "local.bootstrap"],
        env=environment({**layout.emulators(ports), "GCPYPI_TOKEN": state.token()}),
        cwd=state.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if job.returncode:
        raise Failure(f"the bootstrap job failed:\n{job.stdout}")
