"""A program that ends the processes of its parent after the parent is killed.

Each line of standard input is a JSON array of a number and an entry. The entry is a process group
to kill, a command to run, or null to remove the number. The input ends when the parent ends.

Linux's PR_SET_PDEATHSIG is no replacement: it needs code between fork and exec, does not reach the
children of children, and reacts to the end of a thread.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress


def main() -> None:
    """Collect the entries until the input ends; then process them, the last first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: None)
    entries: dict[int, int | list[str] | None] = {}
    for line in sys.stdin:
        number, entry = json.loads(line)
        entries[number] = entry
    for entry in reversed(entries.values()):
        if isinstance(entry, int):
            with suppress(ProcessLookupError):
                os.killpg(entry, signal.SIGKILL)
        elif entry:
            subprocess.run(entry, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
