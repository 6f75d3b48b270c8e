"""Logging as JSON lines that Cloud Logging understands.

https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

_TRACE = re.compile(r"(?:[0-9a-f]{2}-)?(?P<id>[0-9a-f]{32})(?:$|[/;-])")
"""``TRACE_ID/SPAN_ID;o=1``, or ``00-TRACE_ID-SPAN_ID-01`` (W3C Trace Context)."""

FACTS = "facts"
"""The attribute of a log record that holds its structured fields: ``extra={FACTS: {…}}``."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: severity, message, logger, and the record's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Format ``record``; a traceback goes into the message, where Error Reporting reads it."""
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        return _line(record.levelname, message, record.name, _known(getattr(record, FACTS, {})))


def configure(level: str = "INFO") -> None:
    """Send every log record of ``level`` and above to standard output, as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def write(logger: logging.Logger, level: int, message: str, values: Mapping[str, Any]) -> None:
    """Write a line past the logging module: as a record's, but nobody else's handlers see it.

    For a line at every request: the module's way costs a third of what a page in memory does.

    :param values: its facts; those that are None are left out.
    """
    if not logger.isEnabledFor(level):
        return
    line = _line(logging.getLevelName(level), message, logger.name, _known(values))
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except (OSError, ValueError):  # full, closed, or not for UTF-8; the request is served
        pass


def facts(**values: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401 - JSON values
    """The ``extra`` of a logging call: ``logger.info("…", extra=facts(project=…))``."""
    return {FACTS: values}


def trace(header: str | None, gcp_project: str) -> Mapping[str, str]:
    """The facts that tie a line to its request's trace.

    :param header: ``X-Cloud-Trace-Context`` or ``traceparent``, as received.
    """
    found = _TRACE.match(header or "")
    if found is None:
        return {}
    return {"logging.googleapis.com/trace": f"projects/{gcp_project}/traces/{found['id']}"}


def _known(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _line(severity: str, message: str, logger: str, values: Mapping[str, Any]) -> str:
    """One JSON object; what JSON has no type for is written as text."""
    line = {"severity": severity, "message": message, "logger": logger, **values}
    try:
        return to_json(line, fallback=str).decode()
    except PydanticSerializationError:  # of text that is no Unicode, as half a surrogate pair
        return json.dumps(line, default=str)
