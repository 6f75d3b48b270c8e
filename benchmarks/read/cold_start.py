"""Time from the start of the proxy's process to its first page.

    python -m benchmarks.read.cold_start

It uses compiled bytecode, as the image does, and also prints the time to import the framework. The
storage and the secrets are stand-ins on the same machine. The results are medians of the rounds.
"""

import argparse
import compileall
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import cloud
import proxy
import schemas
from benchmarks.harness.site import make_site
from benchmarks.harness.testbed import Testbed, start_proxy_process, start_testbed
from testing.processes import exit_at_sigterm

GOAL = 1.3
"""Seconds."""
FRAMEWORK = "import starlette, uvicorn"
PATIENCE = 30.0


def time_first_page(testbed: Testbed) -> float:
    """Return the seconds until a page is answered with 200."""
    started = time.perf_counter()
    with start_proxy_process(testbed, "cold") as (_, base):
        address = urlsplit(base).netloc
        while not _is_answered(address, testbed.authorization):
            if time.perf_counter() - started > PATIENCE:
                raise TimeoutError("no page came")
            time.sleep(0.005)
        return time.perf_counter() - started


def _is_answered(address: str, authorization: str) -> bool:
    connection = HTTPConnection(address, timeout=5)
    try:
        connection.request(
            "GET", "/simple/small-project/", headers={"Authorization": authorization}
        )
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def time_import(code: str) -> float:
    """Return the seconds that a new Python process takes to run the code."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - fixed code
    return time.perf_counter() - started


def main() -> int:
    """Print both medians; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = range(parser.parse_args().rounds)
    for module in (cloud, proxy, schemas):
        compileall.compile_dir(Path(module.__path__[0]), quiet=1)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        testbed = stack.enter_context(start_testbed(directory, make_site(directory / "site")))
        pairs = [(time_first_page(testbed), time_import(FRAMEWORK)) for _ in rounds]
    page, framework = (median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"process start to first 200: {page:.2f} s (goal {GOAL} s)")
    print(f'python -c "{FRAMEWORK}":   {framework:.2f} s')
    return 1 if page > GOAL else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
