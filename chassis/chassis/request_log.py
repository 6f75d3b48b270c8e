"""Access log: the parts of a line that every public service writes."""

import logging
import re
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chassis import logs

_LONGEST_PATH = 512
"""Maximum length of a path in the log, in bytes."""
_CLIENT = re.compile(r"([\w.-]{1,64})/([\w.+!-]{1,64})", re.ASCII)
"""First product of ``User-Agent`` (RFC 9110 §10.1.5)."""


def describe_request(scope: Mapping[str, Any], gcp_project: str) -> Mapping[str, Any]:
    """Return the structured fields of a request: client, method, path, and trace if there is one.

    The path is ASCII, with DEL escaped. JSON escapes the other control characters.

    :param scope: the scope of the request (ASGI).
    """
    headers = dict(reversed(scope["headers"]))  # the first of repeated fields
    client = _CLIENT.match(headers.get(b"user-agent", b"").decode("latin-1"))
    trace = headers.get(b"x-cloud-trace-context") or headers.get(b"traceparent") or b""
    path = scope["raw_path"][:_LONGEST_PATH].decode("ascii", "backslashreplace")
    return {
        "client": client and client[1],
        "client_version": client and client[2],
        "method": scope["method"],
        "path": path.replace("\x7f", "\\x7f"),
        **logs.parse_trace(trace.decode("latin-1"), gcp_project),
    }


def describe_error(error: BaseException | None) -> str | None:
    """Return the class and the text of an error, for the field ``error``."""
    return f"{type(error).__name__}: {error}" if error else None


def write_request(
    logger: logging.Logger, level: int, values: Mapping[str, Any], error: BaseException | None
) -> None:
    """Write the line of a request, with a traceback for an unexpected error.

    :param values: structured fields, among them ``method``, ``path`` and ``status``.
    """
    message = f"{values['method']} {values['path']} {values['status']}"
    if values["status"] == HTTPStatus.INTERNAL_SERVER_ERROR and error is not None:
        message = f"{message}\n{''.join(traceback.format_exception(error)).rstrip()}"
    logs.write(logger, level, message, values)
