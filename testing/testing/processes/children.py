"""Children of a process, from ``/proc``."""

import os
from contextlib import suppress
from pathlib import Path


def list_children(pid: int) -> set[int]:
    """Return the children of all threads of a process; none if it has ended.

    A thread that ends during the call is left out.
    """
    found, tasks = set[int](), Path(f"/proc/{pid}/task")
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in os.listdir(tasks):
            with suppress(FileNotFoundError, ProcessLookupError):
                found.update(map(int, (tasks / thread / "children").read_text().split()))
    return found
