"""``up``, ``down`` and ``logs``, whichever runtime it is."""

import subprocess
import sys
import time
from collections.abc import Callable

from local.failure import Failure
from local.layout import Ports
from local.runtime import docker, native
from local.runtime.state import Running, Runtime, State

Say = Callable[[str], None]


def up(state: State, ports: Ports | None, wanted: Runtime | None, say: Say) -> Running:
    """Start what does not run, and return when everything answers.

    :param ports: None: those it was started with, else the standard ones.
    :param wanted: None: the runtime it was started in, else Docker if an engine answers.
    """
    started = time.monotonic()
    noted = state.running()
    if noted is not None:
        _check_same(noted, ports, wanted)
    runtime = noted.runtime if noted else wanted or _best(say)
    start = docker.up if runtime == "docker" else native.up
    fresh = start(state, noted.ports if noted else ports or Ports(), say)
    took = time.monotonic() - started
    say(f"ready     after {took:.1f} s" if fresh else f"It is already up ({runtime}).")
    running = state.running()
    if running is None:
        raise Failure("it was stopped while it started")
    return running


def _best(say: Say) -> Runtime:
    if docker.answers():
        return "docker"
    say("runtime   native, because no Docker engine answers")
    return "native"


def _check_same(noted: Running, ports: Ports | None, wanted: Runtime | None) -> None:
    if wanted not in (None, noted.runtime):
        raise Failure(f"it was started as {noted.runtime}; stop that first: make local-down")
    if ports not in (None, noted.ports):
        raise Failure("it was started on other ports; stop that first: make local-down")


def down(state: State, say: Say) -> None:
    """Stop what was started; buckets and secrets stay."""
    noted = state.running()
    if noted is None:
        say("Nothing runs.")
        return
    if noted.runtime == "native":
        native.down(state)
    elif docker.answers():
        docker.down(state, noted.ports)
    else:
        say("No Docker engine answers, so its containers do not run either.")
    state.forget()
    say("It is down. Buckets and secrets are kept for the next start.")


def logs(state: State, lines: int) -> None:
    """Print the end of the combined log; on a terminal, go on until interrupted."""
    noted = state.running()
    follow = sys.stdout.isatty()
    if noted is not None and noted.runtime == "docker":
        docker.print_logs(state, noted.ports, lines=lines, follow=follow)
    elif state.log.exists():
        options = ["-F"] if follow else []
        subprocess.run(["tail", "-n", str(lines), *options, str(state.log)])
    else:
        raise Failure("there is no log: nothing was started; make local-up does")
