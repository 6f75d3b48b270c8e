"""Finds the commands in Markdown: in fenced blocks of shell, and in the text between the blocks.

In a ``console`` block a command follows ``$ ``, and what stands beneath it is what it says; in
``sh`` and its like everything is a command. In the text it is what stands between backticks and has
more than one word.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

CONSOLE = "console"
SCRIPTS = frozenset({"bash", "sh", "shell"})
PLACEHOLDER = "x1"

_FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`((?:[^`\n]|\n(?!\n))+)`")
_FOR_THE_READER = re.compile(r"<[a-z -]+/?>")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    line: int
    """The line of its fence, from 1."""
    language: str
    """What the fence says it is; empty if nothing."""
    text: str
    """What is in it, without the indentation of the fence."""
    before: str
    """The last line of text before it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, or several that are one to the shell: a pipeline, a loop, a function."""

    line: int
    text: str
    said: str
    """What the page shows that it prints; empty if nothing."""
    mentioned: bool
    """Whether it stands in the text, not in a block."""


def blocks(page: str) -> list[Block]:
    """All fenced blocks of a page."""
    return [
        Block(
            page.count("\n", 0, match.start()) + 1,
            match[2],
            re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE),
            page[: match.start()].rstrip().rpartition("\n")[2].strip(),
        )
        for match in _FENCE.finditer(page)
    ]


def steps(page: str) -> list[Step]:
    """The steps of all blocks, and then what is mentioned in the text, each in its order."""
    return [*(step for block in blocks(page) for step in _in_block(block)), *mentioned(page)]


def mentioned(page: str) -> Iterator[Step]:
    """What stands between backticks in the text and has more than one word."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page)
    for match in _SPAN.finditer(text):
        span = " ".join(match[1].split())
        if " " in filled(span):
            yield Step(text.count("\n", 0, match.start()) + 1, span, "", mentioned=True)


def filled(text: str) -> str:
    """Put a word where the reader is to put one, as ``<project>``: to a shell that is no word."""
    return _FOR_THE_READER.sub(PLACEHOLDER, text)


def _in_block(block: Block) -> Iterator[Step]:
    lines = block.text.splitlines()
    if block.language in SCRIPTS:
        yield from _script(block.line + 1, lines)
    elif block.language == CONSOLE:
        starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            typed = [lines[start][2:], *lines[start + 1 : end]]
            length = _length(typed)
            text, said = "\n".join(typed[:length]), "\n".join(typed[length:])
            yield Step(block.line + 1 + start, text, said, mentioned=False)


def _script(line: int, lines: Sequence[str]) -> Iterator[Step]:
    while lines:
        length = _length(lines)
        if text := "\n".join(lines[:length]).strip():
            yield Step(line, text, "", mentioned=False)
        line, lines = line + length, lines[length:]


def _length(lines: Sequence[str]) -> int:
    """How many lines it takes until the shell has a whole command; all, if it never has."""
    ends = range(1, len(lines) + 1)
    return next((end for end in ends if _whole("\n".join(lines[:end]))), len(lines))


@cache
def _whole(text: str) -> bool:
    """Whether nothing is missing. bash only warns of a here-document without an end."""
    if text.endswith("\\"):
        return False
    done = subprocess.run(  # noqa: S603 - bash is only asked whether it could read it
        ["bash", "-n", "-c", filled(text)],  # noqa: S607 - as a user calls it
        capture_output=True,
        check=False,
    )
    return done.returncode == 0 and not done.stderr
