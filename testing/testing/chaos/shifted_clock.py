"""Start a module with a clock that can jump: ``python -m testing.chaos.shifted_clock FILE MODULE``.

The file holds an offset in seconds, and is read twice a second. ``time.time``, ``time.time_ns`` and
``datetime.now`` add the offset. A missing or empty file means 0. The monotonic clocks do not jump,
as on a real machine.
"""

import datetime
import runpy
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime as RealDatetime
from pathlib import Path

INTERVAL = 0.5
"""Seconds between two reads of the offset."""


class OffsetFile:
    """Offset in a file, read regularly by a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seconds = 0.0
        self.read()

    def read(self) -> None:
        """Read the offset; keep it while the file has no number."""
        if text := self._path.read_text().strip() if self._path.exists() else "":
            self.seconds = float(text)

    def start_thread(self) -> None:
        """Read the file regularly until the process ends."""
        threading.Thread(target=self._read_regularly, name="shifted-clock", daemon=True).start()

    def _read_regularly(self) -> None:
        sleep = time.sleep
        while True:
            sleep(INTERVAL)
            self.read()


def write_offset(path: Path, seconds: float) -> None:
    """Let the clock of the process with this file jump to ``seconds`` from the real time."""
    new = path.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(path)


def create_datetime_class(offset: OffsetFile) -> type[RealDatetime]:
    """Return a class whose ``now`` and ``utcnow`` add the offset.

    Each real ``datetime`` counts as an instance of it, because C code creates only real ones.
    """

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, RealDatetime)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, RealDatetime)

    class ShiftedDatetime(RealDatetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> RealDatetime:  # type: ignore[override]
            return RealDatetime.now(tz) + datetime.timedelta(seconds=offset.seconds)

        @classmethod
        def utcnow(cls) -> RealDatetime:  # type: ignore[override]
            return cls.now(datetime.UTC).replace(tzinfo=None)

    return ShiftedDatetime


def shift_clock(offset: OffsetFile) -> None:
    """Replace the functions of the standard library that read the wall clock."""
    real_time: Callable[[], float] = time.time
    real_nanoseconds: Callable[[], int] = time.time_ns
    kind = create_datetime_class(offset)
    time.time = lambda: real_time() + offset.seconds
    time.time_ns = lambda: real_nanoseconds() + round(offset.seconds * 1e9)
    datetime.datetime = kind  # type: ignore[misc]


def main() -> None:
    """Shift the clock, then run the module as the main program."""
    _, path, module = sys.argv
    offset = OffsetFile(Path(path))
    shift_clock(offset)
    offset.start_thread()
    sys.argv[:] = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
