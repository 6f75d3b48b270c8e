"""Last day on which each token was used, from the access log of the proxy in Cloud Logging.

The log has the name of a token, so tokens of one name have one last use. A query returns at most
1000 entries, and searches only for the names that are not found yet.
"""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from cloud.errors import CloudError, PermissionDenied
from cloud.log_entries import LogPage
from schemas.tokens import Token
from schemas.types import format_time

WINDOW = timedelta(days=30)
"""Searched time. By default, Cloud Logging keeps entries for 30 days."""
MAX_QUERIES = 30
"""Maximum number of queries. Cloud Logging answers 60 a minute for a Google Cloud project."""
PATIENCE = 60.0
"""Seconds after which no query begins."""
_MAX_NAMES = 12_000
"""Characters of the names in one query. A query has at most 20 000 characters."""
_SERVICE = "gcpypi-proxy"


class Log(Protocol):
    """Log that a query can search. :class:`cloud.log_entries.LogReader` implements it."""

    def list_newest(self, query: str) -> LogPage:
        """Return the newest entries of a query."""
        ...


@dataclass(frozen=True, slots=True)
class LastUses:
    """Last day of use by name of a token, and the limits of the search."""

    days: Mapping[str, date]
    """Last day, in UTC."""
    problem: str = ""
    """Reason why the log does not show all uses; empty after a complete search."""

    def describe(self, token: Token, now: datetime) -> str:
        """Return the last day of a token; ``unused``, ``>30d`` or ``unknown`` without a day."""
        day = self.days.get(token.name)
        if day is not None and day >= token.created.date():
            return day.isoformat()
        if day is None and self.problem:
            return "unknown"
        is_young = day is not None or token.created > now - WINDOW
        return "unused" if is_young else f">{WINDOW.days}d"


def find_last_uses(
    log: Log, names: Collection[str], now: datetime, clock: Callable[[], float] = time.monotonic
) -> LastUses:
    """Search the log for the last use of each name. Never fail: describe the problem instead.

    :param clock: the monotonic clock, in seconds.
    """
    missing, days, end = sorted(set(names)), dict[str, date](), clock() + PATIENCE
    try:
        for number in range(MAX_QUERIES + 1):
            if not missing:
                return LastUses(days)
            if number == MAX_QUERIES or clock() >= end:
                break
            chunk = _select_chunk(missing)
            page = log.list_newest(build_query(chunk, now - WINDOW))
            found = dict(_find_days(page, chunk))
            days |= found
            searched = chunk if page.is_complete else found
            if not searched:  # all entries have names that differ in case
                break
            missing = [name for name in missing if name not in searched]
    except PermissionDenied as error:
        return LastUses(days, f"{error}; your account needs roles/logging.viewer on the project")
    except CloudError as error:
        return LastUses(days, str(error))
    return LastUses(days, f"too many log lines: the search ended after {number} queries")


def build_query(names: Sequence[str], since: datetime) -> str:
    """Return a query for the accepted requests of these names, in the Logging query language.

    https://cloud.google.com/logging/docs/view/logging-query-language
    """
    return (
        'logName:"run.googleapis.com%2Fstdout" AND resource.type="cloud_run_revision"'
        f' AND resource.labels.service_name="{_SERVICE}"'
        f' AND timestamp>="{format_time(since)}"'
        f" AND jsonPayload.token=({' OR '.join(map(json.dumps, names))})"
    )


def _select_chunk(names: Sequence[str]) -> Sequence[str]:
    """Return the first names that fit in one query, at least one."""
    size, chunk = 0, list[str]()
    for name in names:
        size += len(json.dumps(name)) + len(" OR ")
        if chunk and size > _MAX_NAMES:
            break
        chunk.append(name)
    return chunk


def _find_days(page: LogPage, names: Sequence[str]) -> Iterator[tuple[str, date]]:
    """Yield the days of these names, the newest last. The query ignores case, this does not."""
    for entry in reversed(page.entries):
        name = entry.payload.get("token")
        if isinstance(name, str) and name in names:
            yield name, entry.timestamp.date()
