"""Runs one group of programs until it is told to stop, as a process of its own.

honcho multiplexes their output and ends all when one ends, which is what a person wants of a local
runtime: it is up, or it says what died. What honcho lacks is added here and in group.py: going to
the background, a start order and readiness.
"""

import fcntl
import json
import os
import shlex
import sys
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer


def main() -> int:
    """Run the programs that standard input names, as long as none of them ends."""
    pid_file, log = map(Path, sys.argv[1:3])
    programs = json.load(sys.stdin)
    with pid_file.open("a+") as lock, log.open("a") as output:
        # The lock, not the number in the file, says that we live: numbers are used again. A record
        # lock is not inherited by honcho's children, so it ends with this very process.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        manager = Manager(Printer(output, colour=False))
        for program in programs:
            command = f"exec {shlex.join(program['command'])}"
            manager.add_process(program["name"], command, env=program["environment"])
        manager.loop()
    return manager.returncode or 0


if __name__ == "__main__":
    sys.exit(main())
