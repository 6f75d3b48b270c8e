"""Functions ``up``, ``down`` and those of the logs, for both runtimes, Docker and native."""

import subprocess
import sys
import time
from collections.abc import Callable

from local.errors import LocalError
from local.runtime import docker, native, story
from local.runtime.state import Runtime, StartedRuntime, State
from local.topology import Ports

Say = Callable[[str], None]
NO_LOG = "there is no log, because nothing was started; run make local-up"


def up(state: State, ports: Ports | None, wanted: Runtime | None, say: Say) -> StartedRuntime:
    """Start all parts that do not run, and wait until every part answers.

    :param ports: None means the ports of the last start, else the default ones.
    :param wanted: None means the runtime of the last start, else Docker if an engine answers.
    """
    began = time.monotonic()
    started = state.load()
    if started is not None:
        _check_same(started, ports, wanted)
    runtime = started.runtime if started else wanted or _choose_runtime(say)
    start = docker.up if runtime == "docker" else native.up
    is_new = start(state, started.ports if started else ports or Ports(), say)
    took = time.monotonic() - began
    say(f"ready     after {took:.1f} s" if is_new else f"It is already up ({runtime}).")
    running = state.load()
    if running is None:
        raise LocalError("the runtime was stopped during its start")
    return running


def _choose_runtime(say: Say) -> Runtime:
    if docker.is_engine_available():
        return "docker"
    say("runtime   native, because no Docker engine answers")
    return "native"


def _check_same(started: StartedRuntime, ports: Ports | None, wanted: Runtime | None) -> None:
    if wanted not in (None, started.runtime):
        raise LocalError(
            f"the runtime was started as {started.runtime}; stop it first: make local-down"
        )
    if ports not in (None, started.ports):
        raise LocalError("the runtime was started on other ports; stop it first: make local-down")


def down(state: State, say: Say) -> None:
    """Stop the runtime; keep buckets and secrets."""
    started = state.load()
    if started is None:
        say("Nothing runs.")
        return
    if started.runtime == "native":
        native.down(state)
    elif docker.is_engine_available():
        docker.down(state, started.ports)
    else:
        say("No Docker engine answers, so no container runs.")
    state.clear()
    say("It is down. Buckets and secrets are kept for the next start.")


def print_logs(state: State, lines: int) -> None:
    """Print the end of the combined log; on a terminal, follow it until interrupted."""
    started = state.load()
    follow = sys.stdout.isatty()
    if started is not None and started.runtime == "docker":
        docker.print_logs(state, started.ports, lines=lines, follow=follow)
    elif state.log.exists():
        options = ["-F"] if follow else []
        subprocess.run(["tail", "-n", str(lines), *options, str(state.log)])
    else:
        raise LocalError(NO_LOG)


def tell_story(state: State, filename: str, say: Say) -> None:
    """Print the steps of a file through the services, from the whole log.

    :raises LocalError: if no line names the file.
    """
    started = state.load()
    if started is not None and started.runtime == "docker":
        # Docker lists container after container; the time is before the text of each line.
        lines = sorted(
            docker.read_logs(state, started.ports), key=lambda line: line.partition("| ")[2]
        )
    elif state.log.exists():
        lines = state.log.read_text("utf-8", "replace").splitlines()
    else:
        raise LocalError(NO_LOG)
    steps = story.tell_story(filename, lines)
    if not steps:
        raise LocalError(
            f"no line of the log since the last start names {filename}; "
            "use the exact name of the uploaded file, without its folders"
        )
    for step in (story.HEAD, *steps):
        say(str(step))
