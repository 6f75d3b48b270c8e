"""Checks of the alerts of a planned installation, and of their sections in docs/operate.md."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from offline_checks.planned_resource import PlannedResource, Values

PROMISES: Mapping[str, Callable[[Values], bool]] = {
    "dead-letters": lambda c: "num_undelivered_messages" in _find_threshold(c).get("filter", ""),
    "backlog": lambda c: "oldest_unacked_message_age" in _find_threshold(c).get("filter", ""),
    "error-rate": lambda c: _is_rate(_find_threshold(c), "gcpypi-proxy"),
    "upload-errors": lambda c: _is_rate(_find_threshold(c), "gcpypi-upload"),
    "no-instance": lambda c: "httpRequest.status=429" in str(c["condition_matched_log"]),
    "no-traffic": lambda c: "request_count" in str(c["condition_absent"]),
    "refusals": lambda c: "sum by (uploader)" in str(c["condition_prometheus_query_language"]),
}
"""Condition of each alert, by the name of the alert."""

_TYPE = "google_monitoring_alert_policy"
_NAME = re.compile(r'\["([\w-]+)"\]$')
_PARTS = ("**Error**: ", "**Place**: ", "**Remedy**: ")


def find_problems(resources: Iterable[PlannedResource], runbook: Path) -> Iterator[str]:
    """Yield the alerts that are missing, or that break a promise.

    :param runbook: page with a section for each alert.
    """
    anchors = _find_anchors(runbook.read_text("utf-8"))
    found = {_find_name(each): each for each in resources if each.type == _TYPE}
    yield from (f"the alert {name} is missing" for name in PROMISES if name not in found)
    for name, each in found.items():
        if not each.values["notification_channels"]:
            yield f"{each.address}: costs money, but has no recipient"
        if name not in PROMISES or not PROMISES[name](each.values["conditions"][0]):
            yield f"{each.address}: not the condition of offline_checks.alerts"
        yield from (f"{each.address}: {text}" for text in _check_help(each.values, anchors))


def _find_name(resource: PlannedResource) -> str:
    name = _NAME.search(resource.address)
    return name[1] if name else resource.address


def _find_threshold(condition: Values) -> Values:
    return next(iter(condition["condition_threshold"]), {})


def _is_rate(threshold: Values, service: str) -> bool:
    """Return whether the condition compares errors with all requests of the service."""
    return (
        '"5xx"' in threshold.get("filter", "")
        and f'"{service}"' in threshold["filter"]
        and f'"{service}"' in (threshold.get("denominator_filter") or "")
        and "request_count" in threshold["denominator_filter"]
        and "response_code" not in threshold["denominator_filter"]
        and len(threshold["denominator_aggregations"]) == 1
        and 0 < threshold["threshold_value"] < 1
    )


def _check_help(values: Values, anchors: frozenset[str]) -> Iterator[str]:
    [help_] = values["documentation"]
    text = help_["content"]
    yield from (f"its text has no part {part}" for part in _PARTS if part not in text)
    links = re.findall(r"docs/operate\.md#([\w-]+)", text)
    if not links:
        yield "its text names no section of docs/operate.md"
    yield from (f"docs/operate.md has no section #{link}" for link in links if link not in anchors)


def _find_anchors(page: str) -> frozenset[str]:
    """Return the anchors of the headings, as GitHub derives them."""
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return frozenset(re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings)
