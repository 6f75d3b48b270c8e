"""How the programs of the local runtime log: one plain line an event, for a person to read."""

import logging
import sys


def to_stdout() -> None:
    """Log to standard output, where the supervisor or Docker collects it."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s"
    )
    # One line a request would drown the rest.
    logging.getLogger("httpx").setLevel(logging.WARNING)
