"""A shell that types what a page says, and remembers: variables, functions, the folder."""

import re
import select
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from testing.processes import Process

PATIENCE = 120.0
"""Seconds until a step is given up."""

_WORD = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{3,}(?![0-9A-Za-z])")
"""What stays the same from run to run: no digits, no digests, no units."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a step."""

    code: int
    """The exit code."""
    output: str
    """What it printed, on both streams."""

    def shows(self, line: str) -> bool:
        """Whether it printed a line that has the words of ``line``, in their order."""
        return any(_in_order(_WORD.findall(line), each) for each in self.output.splitlines())


class Shell:
    """bash, as one would have it open beside the page."""

    def __init__(self, folder: Path, environment: Mapping[str, str], scratch: Path) -> None:
        self._step, self._output = scratch / "step", scratch / "output"
        self._process = Process(
            ["bash", "--noprofile", "--norc", "-o", "pipefail"],
            folder=folder,
            environment=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, with what it was waiting for; what it left in the background has its own."""
        self._process.kill()
        self._process.communicate()

    def run(self, text: str) -> Done:
        """Have it run a step; wait until that is done."""
        assert self._process.stdin
        assert self._process.stdout
        self._step.write_text(f"{text}\n")
        # What the step prints goes to a file, its exit code to us: so nothing that it starts and
        # leaves running can keep us waiting.
        step = f'. "{self._step}" >"{self._output}" 2>&1 </dev/null; echo $?\n'
        self._process.stdin.write(step.encode())
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        said = self._process.stdout.readline() if ready else b""
        output = self._output.read_text("utf-8", "replace")
        assert said, f"it did not end within {PATIENCE} s, or ended the shell:\n{text}\n{output}"
        return Done(int(said), output)


def _in_order(words: list[str], line: str) -> bool:
    rest = iter(_WORD.findall(line))
    return all(word in rest for word in words)
