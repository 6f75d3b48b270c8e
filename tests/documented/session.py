"""Shell that runs the steps of a page, and keeps variables, functions and the folder."""

import re
import select
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from testing.processes import Process

PATIENCE = 600.0
"""Seconds until a step fails."""

_WORD = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{3,}(?![0-9A-Za-z])")
"""Words that are the same in each run: no digits, no digests, no units."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """Result of a step."""

    code: int
    """Exit code."""
    output: str
    """Output of both streams."""

    def has_line(self, line: str) -> bool:
        """Return whether a line of the output has the words of ``line``, in their order."""
        return any(_has_in_order(_WORD.findall(line), each) for each in self.output.splitlines())


class Shell:
    """Interactive bash session of a reader."""

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
        """End the shell and its current step, but not processes in the background."""
        self._process.kill()
        self._process.communicate()

    def run(self, text: str) -> StepResult:
        """Run a step and wait for its end."""
        assert self._process.stdin
        assert self._process.stdout
        self._step.write_text(f"{text}\n")
        # The output goes to a file and only the exit code to the pipe. So a process that the step
        # leaves running cannot block this one.
        step = f'. "{self._step}" >"{self._output}" 2>&1 </dev/null; echo $?\n'
        self._process.stdin.write(step.encode())
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        said = self._process.stdout.readline() if ready else b""
        output = self._output.read_text("utf-8", "replace")
        assert said, f"the step ran longer than {PATIENCE} s or ended the shell:\n{text}\n{output}"
        return StepResult(int(said), output)


def _has_in_order(words: list[str], line: str) -> bool:
    rest = iter(_WORD.findall(line))
    return all(word in rest for word in words)
