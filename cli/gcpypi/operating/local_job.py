"""A repair command on this machine, in a checkout with the modules of the services."""

import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from gcpypi.errors import CommandFailure, ExitCode

MODULES = {
    "verify": "publisher",
    "rebuild": "publisher",
    "reindex": "ingest",
    "replay": "ingest",
    "rescan": "ingest",
}
"""Module of each command: ``python -m publisher verify``."""


def run_local_job(command: str, arguments: Sequence[str]) -> int:
    """Run a command with the settings of ``.local/env``, and return its exit code.

    Ctrl-C reaches the command too, which ends by itself.

    :raises CommandFailure: without the modules of the services.
    """
    module = MODULES[command]
    if find_spec(module) is None:
        raise CommandFailure(
            f"the local index has no Cloud Run, and this environment has no module {module}: run "
            f"gcpypi {command} in a checkout, after make install"
        )
    words = [sys.executable, "-m", module, command, *arguments]
    try:
        return _run_to_its_end(words)
    except KeyboardInterrupt:
        text = f"gcpypi {command} was interrupted; it can be repeated"
        raise CommandFailure(text, ExitCode.INTERRUPTED) from None


def _run_to_its_end(words: Sequence[str]) -> int:
    """Run a program, and wait for it also after Ctrl-C."""
    with subprocess.Popen(words) as process:  # noqa: S603 - our own program
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.wait()
            raise
