"""Supervisor process of one group of programs, which runs until SIGTERM.

honcho combines the output of all programs, and ends all when one ends. The local runtime is then
either complete or down with an error. This module and group.py add features that honcho lacks:
background operation, start order and readiness.
"""

import fcntl
import json
import os
import shlex
import sys
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer

TIME_FORMAT = "%H:%M:%S.%f"
"""Time of each line in the log: the local time of day, in microseconds."""


def main() -> int:
    """Run the programs that standard input lists, until one of them ends."""
    pid_file, log = map(Path, sys.argv[1:3])
    programs = json.load(sys.stdin)
    with pid_file.open("a+") as lock, log.open("a") as output:
        # The lock shows that this process runs; its number does not, because numbers are reused.
        # honcho's children do not inherit a record lock, so it ends with this process.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        manager = Manager(Printer(output, TIME_FORMAT, colour=False))
        for program in programs:
            command = f"exec {shlex.join(program['command'])}"
            manager.add_process(program["name"], command, env=program["environment"])
        manager.loop()
    return manager.returncode or 0


if __name__ == "__main__":
    sys.exit(main())
