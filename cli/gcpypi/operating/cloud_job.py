"""A repair job in Google Cloud: start, progress, outcome."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import typer

from cloud.errors import CloudError
from cloud.rest.run_jobs import Execution
from gcpypi.connection.cloud_failures import explain_cloud_error
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.operating.execution_log import ExecutionLog

INTERVAL = 3.0
"""Seconds between two requests for the state."""
LOG_DELAY = 15.0
"""Seconds to wait for the last lines of the log, which arrive after the end."""


class Jobs(Protocol):
    """Jobs of a region. :class:`cloud.rest.run_jobs.RunJobs` implements it."""

    def start(self, job: str, arguments: Sequence[str]) -> Execution:
        """Start an execution."""
        ...

    def find(self, name: str) -> Execution:
        """Return the present state of an execution."""
        ...


@dataclass(frozen=True)
class CloudJob:
    """A job of the index, and the place of its executions."""

    jobs: Jobs
    name: str
    """Name of the Cloud Run job."""
    region: str
    gcp_project: str
    open_log: Callable[[str], ExecutionLog]
    """Function from the short name of an execution to its log."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def run(self, arguments: Sequence[str], *, wait: bool, timeout: float | None) -> ExitCode:
        """Start an execution, wait for its end, and return its outcome.

        :param timeout: seconds to wait; None: until the end. The execution continues afterwards.
        """
        execution = self.jobs.start(self.name, arguments)
        typer.echo(f"{execution.short_name} started", err=True)
        if not wait:
            typer.echo(self._describe_look(execution), err=True)
            return ExitCode.OK
        try:
            return self._report(self._follow(execution, timeout))
        except KeyboardInterrupt:
            text = f"interrupted, but {self._describe_rest(execution)}"
            raise CommandFailure(text, ExitCode.INTERRUPTED) from None
        except CloudError as error:
            text = f"{explain_cloud_error(error)}. But {self._describe_rest(execution)}"
            raise CommandFailure(text, ExitCode.UNAVAILABLE) from error

    def _follow(self, execution: Execution, timeout: float | None) -> Execution:
        """Wait for the end of an execution, and print its log and each change of its state."""
        log, end, shown = self.open_log(execution.short_name), None, ""
        if timeout is not None:
            end = self.clock() + timeout
        while execution.completed is None:
            if end is not None and self.clock() >= end:
                text = f"no end after {timeout:g} s, and {self._describe_rest(execution)}"
                raise CommandFailure(text, ExitCode.TIMEOUT)
            self.sleep(INTERVAL)
            execution = self.jobs.find(execution.name)
            log.print_new()
            if (state := describe_state(execution)) != shown:
                typer.echo(f"{execution.short_name}: {state}", err=True)
                shown = state
        self._print_rest(log)
        return execution

    def _print_rest(self, log: ExecutionLog) -> None:
        """Print the last lines, which arrive some seconds after the end."""
        end, quiet = self.clock() + LOG_DELAY, 0
        while quiet < 2 and not log.problem and self.clock() < end:
            self.sleep(INTERVAL)
            quiet = 0 if log.print_new() else quiet + 1
        if log.problem:
            typer.echo(f"the log is not readable: {log.problem}", err=True)

    def _report(self, execution: Execution) -> ExitCode:
        if execution.is_successful:
            return ExitCode.OK
        text = f"{execution.short_name} failed; its log has the reason"
        place = f": {execution.log_url}" if execution.log_url else ""
        typer.echo(f"gcpypi: {text}{place}", err=True)
        return ExitCode.REFUSED

    def _describe_rest(self, execution: Execution) -> str:
        return (
            f"{execution.short_name} continues. {self._describe_look(execution)}\n"
            f"End it: gcloud run jobs executions cancel {execution.short_name} {self._place}"
        )

    def _describe_look(self, execution: Execution) -> str:
        command = f"gcloud run jobs executions describe {execution.short_name} {self._place}"
        return f"Look at it: {command}"

    @property
    def _place(self) -> str:
        return f"--project={self.gcp_project} --region={self.region}"


def describe_state(execution: Execution) -> str:
    """Return the numbers of tasks by their state, for example ``1 running, 2 retried``."""
    counts = {
        "running": execution.running,
        "succeeded": execution.succeeded,
        "failed": execution.failed,
        "cancelled": execution.cancelled,
        "retried": execution.retried,
    }
    return ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "waiting"
