"""A program that ends the processes of another program when that one has been killed.

Each line of its standard input is a JSON array: a number, and a process group to kill, a command to
run, or null to forget the number. The input ends when the other program does, in whatever way. In
contrast to Linux's PR_SET_PDEATHSIG this needs no code between fork and exec, reaches the children
of children, and knows threads as little as Linux alone.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress


def main() -> None:
    """Keep what the lines say until they end; then end it, the last first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)
    kept: dict[int, int | list[str] | None] = {}
    for line in sys.stdin:
        number, entry = json.loads(line)
        kept[number] = entry
    for entry in reversed(kept.values()):
        if isinstance(entry, int):
            with suppress(ProcessLookupError):
                os.killpg(entry, signal.SIGKILL)
        elif entry:
            subprocess.run(entry, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
