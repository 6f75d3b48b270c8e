"""How long the proxy takes from the start of its process to its first page.

    python -m benchmarks.read.cold_start

With compiled bytecode, as in the image; beside it what Python takes to import the framework. The
storage and the secrets are stand-ins on the same machine. The median of the rounds counts.
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
from benchmarks.harness.ground import Ground, ground, started
from benchmarks.harness.site import make
from testing.processes import exit_at_sigterm

GOAL = 1.3
"""Seconds."""
FRAMEWORK = "import starlette, uvicorn"
PATIENCE = 30.0


def first_page(on: Ground) -> float:
    """Seconds until a page is answered with 200."""
    began = time.perf_counter()
    with started(on, "cold") as (_, base):
        address = urlsplit(base).netloc
        while not _is_answered(address, on.authorization):
            if time.perf_counter() - began > PATIENCE:
                raise TimeoutError("no page came")
            time.sleep(0.005)
        return time.perf_counter() - began


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


def imported(code: str) -> float:
    """Seconds that a new Python takes to run it."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own words
    return time.perf_counter() - began


def main() -> int:
    """Print both medians; return 1 if the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = range(parser.parse_args().rounds)
    for module in (cloud, proxy, schemas):
        compileall.compile_dir(Path(module.__path__[0]), quiet=1)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        on = stack.enter_context(ground(directory, make(directory / "site")))
        pairs = [(first_page(on), imported(FRAMEWORK)) for _ in rounds]
    page, framework = (median(seconds) for seconds in zip(*pairs, strict=True))
    print(f"process start to first 200: {page:.2f} s (goal {GOAL} s)")
    print(f'python -c "{FRAMEWORK}":   {framework:.2f} s')
    return 1 if page > GOAL else 0


if __name__ == "__main__":
    exit_at_sigterm()
    sys.exit(main())
