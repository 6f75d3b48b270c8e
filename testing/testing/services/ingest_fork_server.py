"""Fork server for ingest: starts instances without the time of the imports.

It reads ports from standard input. For each port it starts a process that runs
``ingest.main.main`` on it, like ``python -m ingest.main``, and prints the pid. At the end of the
input it kills all processes.
"""

import os
import signal
import sys
from contextlib import suppress

import ingest.main


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps killed children
    children = []
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _serve(line.strip())
        children.append(pid)
        print(pid, flush=True)
    for pid in children:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _serve(port: str) -> None:
    os.environ["PORT"] = port
    os.dup2(2, 1)  # keep log lines apart from the pids on standard output
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ingest.main.main()
    os._exit(0)


if __name__ == "__main__":
    main()
