"""Native runtime: every part is a process on this machine, without a container engine.

There are two groups. The backends start first. After the creation of buckets, topics and tokens,
the relay and the services start. A failed backend loses the relay's queue, so it is reported and
not restarted; ``up`` starts all missing parts.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from local import topology
from local.errors import LocalError
from local.runtime.child_environment import build_environment
from local.runtime.group import Group, Program, check_ports
from local.runtime.pubsub_choice import PubsubChoice, choose
from local.runtime.state import StartedRuntime, State
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
        run_bootstrap(state, ports)
        say("made      buckets, topics, subscriptions and two tokens")
        say(f"starting  relay, {', '.join(topology.SERVICES)}")
    try:
        services.start(make_services(ports))
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
    backends = make_backends(state, ports, pubsub)
    # Check all ports now, including those of the services, before anything runs.
    check_ports([*backends, *make_services(ports)])
    state.save(StartedRuntime("native", ports, gcloud_publishes=pubsub.google))
    state.log.unlink(missing_ok=True)
    say(f"starting  Pub/Sub: {pubsub.description}")
    say(f"starting  Cloud Storage: a stand-in, in {state.buckets}; Secret Manager, IAM: stand-ins")
    report_earlier_buckets(state, say)
    group.start(backends)


def report_earlier_buckets(state: State, say: Callable[[str], None]) -> None:
    """Name the files of an earlier release, which used fake-gcs-server."""
    files = state.earlier_storage / topology.PACKAGES
    if files.is_dir():
        say(f"note      {state.earlier_storage} has the buckets of an earlier release. The index")
        say(f"          does not read them. Publish their files again: gcpypi publish {files}")
        say(f"          Then delete the folder: rm -r {state.earlier_storage}")


def make_backends(state: State, ports: Ports, pubsub: PubsubChoice) -> list[Program]:
    """Return the programs of the stand-ins, which keep their state in the folder of ``state``."""
    secrets = (
        "local.stand_ins.secret_manager",
        f"--port={ports.secrets}",
        f"--state={state.secrets}",
    )
    signed_put = (
        "local.stand_ins.signed_put",
        f"--port={ports.signed_put}",
        f"--storage={ports.url('storage')}",
        f"--signer={ports.url('signer')}",
    )
    return [
        # Google's emulator answers HTTP; for the built-in one an open port is enough.
        Program("pubsub", pubsub.command, port=ports.pubsub, ready="/" if pubsub.google else ""),
        Program(
            "storage",
            build_storage_command(state.buckets, ports),
            topology.build_emulator_environment(ports),
            ports.storage,
        ),
        Program("secrets", (*PYTHON, *secrets), port=ports.secrets),
        Program(
            "signer",
            (*PYTHON, "local.stand_ins.iam_credentials", f"--port={ports.signer}"),
            port=ports.signer,
        ),
        Program(
            "signed-put",
            (*PYTHON, *signed_put),
            port=ports.signed_put,
            ready="/health",
        ),
    ]


def build_storage_command(folder: Path, ports: Ports) -> tuple[str, ...]:
    """Return the command of a Cloud Storage that announces every uploaded file on Pub/Sub.

    :param folder: the folder of the buckets.
    """
    topic = f"projects/{topology.GCP_PROJECT}/topics/{topology.UPLOADS_TOPIC}"
    return (
        *(*PYTHON, "local.stand_ins.storage"),
        f"--port={ports.storage}",
        f"--folder={folder}",
        f"--notify={topology.INCOMING}={topic}",
    )


def make_services(ports: Ports) -> list[Program]:
    """Return the programs of the relay and of the services."""
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


def run_bootstrap(state: State, ports: Ports) -> None:
    """Run the bootstrap job like Docker: a process with environment variables only."""
    job = subprocess.run(
        [*PYTHON, "local.bootstrap"],
        env=build_environment(
            {**topology.build_emulator_environment(ports), **state.read_tokens()}
        ),
        cwd=state.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if job.returncode:
        raise LocalError(f"the bootstrap job failed:\n{job.stdout}")
