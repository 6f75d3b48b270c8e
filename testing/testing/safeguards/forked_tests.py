"""Fork server for pytest: runs tests without the time of the imports of libraries.

It reads one line of JSON for each run, with the arguments of pytest and a file for the output. A
forked process runs pytest; the server prints the exit code. It imports no code of gcpypi, which
changes between two runs.
"""

import json
import os
import sys
import traceback
from typing import NoReturn

LIBRARIES = ("google.cloud.pubsub_v1", "httpx", "hypothesis", "pydantic", "starlette.testclient")
"""Libraries with long imports."""
_OPTIONS = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""The plugins of the libraries are imported before pytest can rewrite their assertions."""


def main() -> None:
    """Serve until the end of the input."""
    for library in LIBRARIES:
        __import__(library)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(request["arguments"], request["output"])
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: list[str], output: str) -> NoReturn:
    import pytest

    code = 3  # the code of pytest for an internal error
    try:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(file, number)
        code = int(pytest.main([*_OPTIONS, *arguments]))
    except BaseException:  # the exit code says that there is no result
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
