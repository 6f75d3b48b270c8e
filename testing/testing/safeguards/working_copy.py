"""Copy of the working tree with a virtual environment of its own, to run tests on changed code.

Programs that a test starts with a small environment use the copy too, because their interpreter is
that of the copy.
"""

import importlib.util
import json
import re
import select
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from testing.processes import Process
from testing.safeguards.safeguard_table import ROOT

TIMEOUT = 600.0
"""Seconds after which a run of tests is ended; without a safeguard, a test can wait forever."""
_RED = re.compile(r"^(?:FAILED|ERROR) (tests/\S+?\.py(?:::\w+)?)", re.MULTILINE)


@dataclass(frozen=True)
class TestRun:
    """Result of a run of tests, which ends at the first red test."""

    __test__ = False  # pytest collects classes named Test…

    red: str | None
    """First red test; None if all are green."""
    seconds: float
    problem: str = ""
    """Reason for a run without a result: no tests, a syntax error, a timeout."""


@dataclass
class WorkingCopy:
    """Copy of the files that git tracks or would add, with a fork server for its tests."""

    folder: Path
    _server: Process | None = None

    @contextmanager
    def replace_text(self, file: str, text: str) -> Iterator[None]:
        """Give a file another text until the end of the ``with`` statement."""
        path = self.folder / file
        before = path.read_text("utf-8")
        self._write(path, text)
        try:
            yield
        finally:
            self._write(path, before)

    def run_tests(self, tests: Sequence[str]) -> TestRun:
        """Run tests up to the first red one."""
        started = time.monotonic()
        output = self.folder / ".output"
        code = self._run_pytest(["-x", "-q", "-p", "no:cacheprovider", *tests], output)
        seconds = time.monotonic() - started
        if code is None:
            return TestRun(None, seconds, f"no result within {TIMEOUT:g} s")
        text = output.read_text("utf-8", errors="replace")
        red = _RED.search(text)
        if code == 1 and red:
            return TestRun(red[1], seconds)
        last = text.strip().rpartition("\n")[2]
        return TestRun(None, seconds, "" if code == 0 else f"pytest ended with {code}: {last}")

    def close(self) -> None:
        """End the fork server and its tests."""
        if self._server is not None:
            self._server.kill()
            self._server.__exit__(None, None, None)
            self._server = None

    def _run_pytest(self, arguments: Sequence[str], output: Path) -> int | None:
        """Return the exit code of pytest; None after the timeout."""
        server = self._server = self._server or self._start_server()
        assert server.stdin is not None
        assert server.stdout is not None
        request = {"arguments": arguments, "output": str(output)}
        server.stdin.write(f"{json.dumps(request)}\n".encode())
        server.stdin.flush()
        ready, _, _ = select.select([server.stdout], [], [], TIMEOUT)
        if not ready:
            self.close()
            return None
        return int(server.stdout.readline())

    def _start_server(self) -> Process:
        python = str(self.folder / ".venv/bin/python")
        command = [python, "-W", "error", "-m", "testing.safeguards.forked_tests"]
        pipe = subprocess.PIPE
        return Process(command, folder=self.folder, stdin=pipe, stdout=pipe)

    @staticmethod
    def _write(path: Path, text: str) -> None:
        """Write a module, and remove its compiled form: two texts can have one size and time."""
        path.write_text(text, "utf-8")
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


@contextmanager
def copy_working_tree() -> Iterator[WorkingCopy]:
    """Copy the tree into a temporary folder, and yield the copy."""
    with TemporaryDirectory(prefix="safeguards-") as name:
        folder = Path(name)
        for file in _list_files():
            source, target = ROOT / file, folder / file
            if source.is_file():  # a deleted file stays in the list until the commit
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        _create_environment(folder)
        copy = WorkingCopy(folder)
        try:
            yield copy
        finally:
            copy.close()


def _list_files() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return listed.decode().rstrip("\0").split("\0")


def _create_environment(folder: Path) -> None:
    """Create a virtual environment: the packages of the copy, then those of this environment."""
    place = folder / ".venv"
    venv.EnvBuilder(symlinks=True).create(place)
    found = (folder.glob(f"{members}/pyproject.toml") for members in ("*", "services/*"))
    packages = sorted(str(path.parent) for paths in found for path in paths)
    outer = sysconfig.get_path("purelib")
    lines = [*packages, f"import site; site.addsitedir({outer!r})"]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = place / "lib" / version / "site-packages"
    (own / "copy.pth").write_text("\n".join(lines) + "\n", "utf-8")
