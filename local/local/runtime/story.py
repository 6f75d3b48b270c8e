"""Story of a file: its steps through the services, from the lines of the local logs.

A line names the file, or belongs to the trace of a line that names it. The query in
docs/operate.md finds the same lines in Cloud Logging.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.topology import SUBSCRIPTIONS

TRACES = ("logging.googleapis.com/trace", "announced_trace")
"""Fields of a line with its own trace, and with the trace of the messages that announce it."""
_STEPS = {
    "ingest-file-uploaded": "verdict",
    "indexer-file-accepted": "record",
    "indexer-project-command": "command",
    "indexer-command-accepted": "command",
    "publisher-project": "page",
    "publisher-catalog": "catalog",
    "web-project": "web",
}
_SERVICES = {each.name: each.service for each in SUBSCRIPTIONS}
_LINE = re.compile(r"(?P<head>[^|]*)\| (?:(?P<utc>\S+Z) )?(?P<fields>\{.*\})\s*")
"""Line of the native runtime (``TIME NAME | {…}``), or of Docker (``NAME | TIME {…}``)."""


@dataclass(frozen=True, slots=True)
class PushLine:
    """Log line of one push."""

    time: str
    """Local time of the line, ``HH:MM:SS.ffffff``."""
    fields: Mapping[str, Any]

    def names(self, filename: str) -> bool:
        """Return whether the line is about the file, or about its incoming object."""
        name = str(self.fields.get("file", ""))
        return name == filename or name.endswith(f"/{filename}")

    def continues(self, traces: Collection[str]) -> bool:
        """Return whether the line belongs to one of the traces, and to no single file."""
        return "file" not in self.fields and self.fields.get(TRACES[0]) in traces


@dataclass(frozen=True, slots=True)
class StoryStep:
    """Step of the story, one line of the output."""

    time: str
    name: str
    service: str
    outcome: str

    def __str__(self) -> str:
        return f"{self.time:<15}  {self.name:<8}  {self.service:<9}  {self.outcome}"


HEAD = str(StoryStep("time", "step", "service", "outcome"))


def tell_story(filename: str, log: Iterable[str]) -> list[StoryStep]:
    """Return the steps of a file in the order of the log; none if no line names the file."""
    lines = list(_parse_push_lines(log))
    named = [line.fields for line in lines if line.names(filename)]
    traces = {fields[key] for fields in named for key in TRACES if key in fields}
    announced: set[str] = set()
    return [
        step
        for line in lines
        if line.names(filename) or line.continues(traces)
        for step in _list_steps(line, announced)
    ]


def _parse_push_lines(log: Iterable[str]) -> Iterator[PushLine]:
    for text in log:
        found = _LINE.fullmatch(text)
        if found is None:
            continue
        try:
            fields = json.loads(found["fields"])
        except ValueError:  # a line of another program
            continue
        if "subscription" in fields:
            head = found["head"].split()
            yield PushLine(_format_local(found["utc"]) if found["utc"] else head[0], fields)


def _list_steps(line: PushLine, announced: set[str]) -> Iterator[StoryStep]:
    """Yield the upload, if this is the first delivery of its message, and the step of the line."""
    subscription, message_id = line.fields["subscription"], line.fields.get("message_id", "")
    name = _STEPS.get(subscription, subscription)
    if name == "verdict" and message_id not in announced:
        announced.add(message_id)
        published = line.fields.get("published")  # not in lines of an older image
        time = _format_local(published) if published else line.time
        yield StoryStep(time, "upload", "pubsub", f"message {message_id} announces it")
    outcome = str(line.fields.get("message", "")).partition("\n")[0]
    service = _SERVICES.get(subscription, subscription.partition("-")[0])
    yield StoryStep(line.time, name, service, outcome)


def _format_local(time: str) -> str:
    """Return the local time of day of an RFC 3339 time."""
    return datetime.fromisoformat(time).astimezone().strftime("%H:%M:%S.%f")
