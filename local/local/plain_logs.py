"""Logging of the local runtime's programs: one readable line per event."""

import logging
import sys


def log_to_stdout() -> None:
    """Log to standard output, from which the supervisor or Docker collects the lines."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    # httpx logs one line per request, which would hide other lines.
    logging.getLogger("httpx").setLevel(logging.WARNING)
