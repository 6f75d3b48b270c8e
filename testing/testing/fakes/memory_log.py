"""Cloud Logging in memory, for the queries of ``access.last_use``."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud.log_entries import LogEntry, LogPage
from schemas.types import format_time

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMPARISON = re.compile(rf"([\w.]+)(:|=|>=)({_STRING}|\({_STRING}(?: OR {_STRING})*\))")
"""Comparison of a field, in the Logging query language."""


def make_log_entry(
    line: Mapping[str, Any], time: datetime, service: str = "gcpypi-proxy"
) -> dict[str, Any]:
    """Return the entry that Cloud Run's agent makes of a JSON line of standard output.

    https://cloud.google.com/logging/docs/structured-logging
    """
    fields = dict(line)
    trace = fields.pop("logging.googleapis.com/trace", None)
    return {
        "logName": "projects/acme-prod/logs/run.googleapis.com%2Fstdout",
        "resource": {"type": "cloud_run_revision", "labels": {"service_name": service}},
        "severity": fields.pop("severity"),
        "timestamp": format_time(time),
        "jsonPayload": fields,
        **({"trace": trace} if trace else {}),
    }


class MemoryLog:
    """Log with the entries of :func:`make_log_entry`. It counts the queries."""

    def __init__(self, entries: Sequence[Mapping[str, Any]], page_size: int = 1000) -> None:
        self.entries = sorted(entries, key=lambda each: str(each["timestamp"]), reverse=True)
        self.page_size = page_size
        self.queries: list[str] = []

    def list_newest(self, query: str) -> LogPage:
        self.queries.append(query)
        found = self.search(query)
        page = [LogEntry.model_validate(entry) for entry in found[: self.page_size]]
        return LogPage(page, is_complete=len(found) <= self.page_size)

    def search(self, query: str) -> Sequence[Mapping[str, Any]]:
        """Return the entries that match all comparisons of a query."""
        comparisons = _COMPARISON.findall(query)
        assert " AND ".join(map("".join, comparisons)) == query, query
        return [each for each in self.entries if all(_matches(each, *c) for c in comparisons)]


def _matches(entry: Mapping[str, Any], field: str, operator: str, values: str) -> bool:
    """Compare without case, as Cloud Logging does."""
    found: Any = entry
    for name in field.split("."):
        found = found.get(name, {})
    text = str(found).lower()
    wanted = [json.loads(value).lower() for value in re.findall(_STRING, values)]
    match operator:
        case ":":
            return any(value in text for value in wanted)
        case ">=":
            return any(text >= value for value in wanted)
        case _:
            return text in wanted
