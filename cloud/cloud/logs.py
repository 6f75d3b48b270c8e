"""Logging as JSON lines that Cloud Logging understands.

https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
"""

import json
import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

_TRACE = re.compile(r"(?:[0-9a-f]{2}-)?(?P<id>[0-9a-f]{32})(?:$|[/;-])")
"""``TRACE_ID/SPAN_ID;o=1``, or ``00-TRACE_ID-SPAN_ID-01`` (W3C Trace Context)."""

FACTS = "facts"
"""The attribute of a log record that holds its structured fields: ``extra={FACTS: {…}}``."""

_ENCODE = json.JSONEncoder(ensure_ascii=False, default=str).encode
"""Made once: ``json.dumps`` with arguments makes an encoder a line, a quarter of what it costs."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: severity, message, logger, and the record's facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Format ``record``; a traceback goes into the message, where Error Reporting reads it."""
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        line = {
            "severity": record.levelname,
            "message": message,
            "logger": record.name,
            **getattr(record, FACTS, {}),
        }
        return _ENCODE(line)


def configure(level: str = "INFO") -> None:
    """Send every log record of ``level`` and above to standard output, as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def facts(**values: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401 - JSON values
    """The ``extra`` of a logging call: ``logger.info("…", extra=facts(project=…))``."""
    return {FACTS: {key: value for key, value in values.items() if value is not None}}


def trace(header: str | None, project: str) -> Mapping[str, str]:
    """The facts that tie a line to its request's trace.

    :param header: ``X-Cloud-Trace-Context`` or ``traceparent``, as received.
    """
    found = _TRACE.match(header or "")
    if found is None:
        return {}
    return {"logging.googleapis.com/trace": f"projects/{project}/traces/{found['id']}"}
