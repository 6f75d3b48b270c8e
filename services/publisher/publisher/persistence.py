"""Starting over: how long, how often and with what pauses a protocol is repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cloud.errors import CloudError, PreconditionFailed, TooManyRequests

Result = TypeVar("Result")

DEADLINE = 120.0
"""Seconds after which a protocol gives up. Together with the pauses and the commit before it, a
push is answered well within its 600 s; Pub/Sub then delivers it again."""

_LOST_RACE = 0.05
"""Seconds, at first, after somebody else wrote: two instances must not keep in step."""

_TOO_OFTEN = 1.0
"""Seconds, at first, after 429: Cloud Storage takes about one write a second to a name."""

_DOUBLINGS = 3


@dataclass(frozen=True, slots=True)
class Persistence:
    """Repeats an attempt from its beginning, with a jitter that doubles, until the deadline."""

    sleep: Callable[[float], None]
    random: Callable[[], float]
    """A number from 0 to 1."""
    clock: Callable[[], float]
    """Seconds, monotonic."""
    deadline: float = DEADLINE

    def until_done(self, attempt: Callable[[], Result]) -> Result:
        """Return what ``attempt`` returns.

        It is begun anew after 412 (somebody else wrote) and 429 (a name was written too often).
        Anything else it raises is raised, and so is the last of these when the time is over.
        """
        end = self.clock() + self.deadline
        times = 0
        while True:
            try:
                return attempt()
            except (PreconditionFailed, TooManyRequests) as error:
                pause = self._pause(error, times)
                if self.clock() + pause > end:
                    raise
            self.sleep(pause)
            times += 1

    def _pause(self, error: CloudError, times: int) -> float:
        first = _TOO_OFTEN if isinstance(error, TooManyRequests) else _LOST_RACE
        return float(first * 2 ** min(times, _DOUBLINGS) * (0.5 + self.random()))
