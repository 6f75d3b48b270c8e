"""Clock of a reader."""

import threading
import time
from collections.abc import Callable


class ReaderClock:
    """Clock that pauses during a stop of a part of the read side."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._stops = 0
        self._stopped_at = 0.0
        self._lost = 0.0

    def __call__(self) -> float:
        with self._lock:
            return (self._stopped_at if self._stops else self._now()) - self._lost

    def stop(self) -> None:
        """Stop the clock; each stop needs its own start."""
        with self._lock:
            if not self._stops:
                self._stopped_at = self._now()
            self._stops += 1

    def start(self) -> None:
        """Start the clock again, after the last of several stops."""
        with self._lock:
            self._stops -= 1
            if not self._stops:
                self._lost += self._now() - self._stopped_at
