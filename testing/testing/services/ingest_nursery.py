"""Ingest, ready to be started in no time, as often as asked.

Reads ports from standard input, starts for each a process that runs ``ingest.main.main`` there, as
``python -m ingest.main`` does but with the imports done, and answers with its pid. At the end of
the input they are all killed.
"""

import os
import signal
import sys
from contextlib import suppress

import ingest.main


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed need nobody to wait for them
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
    os.dup2(2, 1)  # what is logged must not be taken for a pid
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ingest.main.main()
    os._exit(0)


if __name__ == "__main__":
    main()
