"""Finder of the commands in Markdown: in fenced code blocks and in the text between them.

In a ``console`` block a command follows ``$ ``, and its output follows the command. A ``bash``,
``sh`` or ``shell`` block contains only commands. In the text, each code span of two or more words
is a command.
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
class CodeBlock:
    """Fenced code block."""

    line: int
    """Line of its fence, from 1."""
    language: str
    """Info string of the fence, possibly empty."""
    text: str
    """Content without the indentation of the fence."""
    before: str
    """Last line of text before the block."""


@dataclass(frozen=True, slots=True)
class ShellStep:
    """Complete shell command: a simple one, or a pipeline, a loop, a function."""

    line: int
    text: str
    output: str
    """Output that the page shows, possibly empty."""
    is_mention: bool
    """Code span in the text; else part of a code block."""


def find_blocks(page: str) -> list[CodeBlock]:
    """Return all fenced code blocks of a page."""
    return [
        CodeBlock(
            page.count("\n", 0, match.start()) + 1,
            match[2],
            re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE),
            page[: match.start()].rstrip().rpartition("\n")[2].strip(),
        )
        for match in _FENCE.finditer(page)
    ]


def find_steps(page: str) -> list[ShellStep]:
    """Return the commands of all code blocks in order, then those of the text in order."""
    steps = (step for block in find_blocks(page) for step in _split_block(block))
    return [*steps, *find_mentions(page)]


def find_mentions(page: str) -> Iterator[ShellStep]:
    """Yield the code spans with two or more words."""
    text = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), page)
    for match in _SPAN.finditer(text):
        span = " ".join(match[1].split())
        if " " in fill_placeholders(span):
            yield ShellStep(text.count("\n", 0, match.start()) + 1, span, "", is_mention=True)


def fill_placeholders(text: str) -> str:
    """Replace placeholders like ``<project>`` by a word, because a shell would not read them."""
    return _FOR_THE_READER.sub(PLACEHOLDER, text)


def _split_block(block: CodeBlock) -> Iterator[ShellStep]:
    lines = block.text.splitlines()
    if block.language in SCRIPTS:
        yield from _split_script(block.line + 1, lines)
    elif block.language == CONSOLE:
        starts = [index for index, line in enumerate(lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            typed = [lines[start][2:], *lines[start + 1 : end]]
            length = _count_lines(typed)
            text, output = "\n".join(typed[:length]), "\n".join(typed[length:])
            yield ShellStep(block.line + 1 + start, text, output, is_mention=False)


def _split_script(line: int, lines: Sequence[str]) -> Iterator[ShellStep]:
    while lines:
        length = _count_lines(lines)
        if text := "\n".join(lines[:length]).strip():
            yield ShellStep(line, text, "", is_mention=False)
        line, lines = line + length, lines[length:]


def _count_lines(lines: Sequence[str]) -> int:
    """Return the number of lines of the first complete command; all, if there is none."""
    ends = range(1, len(lines) + 1)
    return next((end for end in ends if _is_complete("\n".join(lines[:end]))), len(lines))


@cache
def _is_complete(text: str) -> bool:
    """Return whether bash accepts the text without error and warning.

    A here-document without an end only gives a warning.
    """
    if text.endswith("\\"):
        return False
    done = subprocess.run(  # noqa: S603 - bash only parses the text
        ["bash", "-n", "-c", fill_placeholders(text)],  # noqa: S607 - found on PATH, as for a user
        capture_output=True,
        check=False,
    )
    return done.returncode == 0 and not done.stderr
