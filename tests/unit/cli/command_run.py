"""Runs of the command in the process of a test."""

from dataclasses import dataclass

from typer.testing import CliRunner

from gcpypi.errors import CommandFailure
from gcpypi.main import app


@dataclass(frozen=True)
class Finished:
    """End of a command."""

    code: int
    stdout: str
    stderr: str


def run_command(*arguments: str, **variables: str) -> Finished:
    """Run the command with environment variables, and return its output and exit code."""
    result = CliRunner().invoke(app, list(arguments), env=dict(variables))
    failure = result.exception
    if isinstance(failure, CommandFailure):
        return Finished(int(failure.code), result.stdout, f"{result.stderr}gcpypi: {failure}\n")
    if failure is not None and not isinstance(failure, SystemExit):
        raise failure
    return Finished(result.exit_code, result.stdout, result.stderr)
