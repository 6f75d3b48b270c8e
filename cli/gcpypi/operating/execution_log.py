"""Lines of an execution in Cloud Logging, each printed once."""

import sys
from collections.abc import Sequence
from typing import Protocol

import typer

from cloud.errors import CloudError, PermissionDenied
from cloud.log_entries import LogEntry, LogPage
from gcpypi.output import escape_control


class SearchableLog(Protocol):
    """Log that a query can search. :class:`cloud.log_entries.LogReader` implements it."""

    def list_newest(self, query: str) -> LogPage:
        """Return the newest entries of a query."""
        ...


class ExecutionLog:
    """Log of one execution of a job.

    :param execution: short name of the execution.
    """

    def __init__(self, log: SearchableLog, execution: str) -> None:
        self._log, self._seen = log, set[tuple[object, ...]]()
        self._query = (
            'resource.type="cloud_run_job" AND textPayload:* AND '
            f'labels."run.googleapis.com/execution_name"="{execution}"'
        )
        self.problem = ""
        """Reason why the log was not readable at the last request; empty if it was."""
        self._is_denied = False

    def print_new(self) -> int:
        """Print the lines that are not printed yet, and return their number. Never fail.

        Lines of standard output go to standard output, all others to standard error.
        """
        if self._is_denied:
            return 0
        try:
            entries = self._log.list_newest(self._query).entries
        except CloudError as error:
            self.problem, self._is_denied = str(error), isinstance(error, PermissionDenied)
            return 0
        self.problem = ""
        new = [entry for entry in reversed(entries) if self._identify(entry) not in self._seen]
        self._print(new)
        return len(new)

    def _print(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            self._seen.add(self._identify(entry))
            stream = sys.stdout if entry.log.endswith("stdout") else sys.stderr
            typer.echo(escape_control(entry.text), file=stream)

    @staticmethod
    def _identify(entry: LogEntry) -> tuple[object, ...]:
        return entry.timestamp, entry.insert_id, entry.log, entry.text
