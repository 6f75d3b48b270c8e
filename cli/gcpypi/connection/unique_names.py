"""Names of runs and commands that no other one has."""

from datetime import datetime
from secrets import token_hex

RANDOM_BYTES = 4
"""Random bytes at the end of a name."""


def make_time_name(now: datetime) -> str:
    """Return a name of a time, with random digits.

    :param now: the time, in UTC.
    """
    return f"{now:%Y%m%dT%H%M%SZ}-{token_hex(RANDOM_BYTES)}"
