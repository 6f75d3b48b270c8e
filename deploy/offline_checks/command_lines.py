"""Finds the commands of one program in scripts and YAML, ready to be parsed.

What only a run would know (``$BUCKET``, ``$(…)``, ``…`` in a text) becomes a placeholder.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from offline_checks.markdown import PLACEHOLDER

_OPERATORS = frozenset("()<>|&;")
_INTRODUCTIONS = frozenset(
    {"$", "!", "if", "while", "until", "then", "else", "do", "run", "patiently", "lists"}
)
_YAML = re.compile(r"^ *(?:# ?|- )? *(?:\w+: )?(?:\| *$)?", re.MULTILINE)
"""What stands before a command in YAML: a comment's ``#``, a list's ``-``, a key."""
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_VARIABLE = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|\$@|…|<[a-z -]+/?>")


def of(program: str, path: Path) -> Iterator[list[str]]:
    """Yield the arguments of each use of ``program`` in a file."""
    text = path.read_text("utf-8")
    in_yaml = path.suffix in (".yml", ".yaml")
    plain = _YAML.sub("", text) if in_yaml else re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    yield from in_shell(program, plain)


def in_shell(program: str, text: str) -> Iterator[list[str]]:
    """Yield the arguments of each use of ``program`` in shell text; skip the rest."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if re.search(rf"\b{program}\b", line):
            yield from _in_line(program, line)


def _in_line(program: str, line: str) -> Iterator[list[str]]:
    for inner in _SUBSTITUTION.findall(line):
        if re.match(rf"{program}\b", inner):
            yield from _in_line(program, inner)
    plain = _VARIABLE.sub(PLACEHOLDER, _SUBSTITUTION.sub(PLACEHOLDER, line))
    plain = re.sub(r"\$(?=\s)", "", plain)
    for command in _commands(plain):
        words = iter(command)
        first = next((word for word in words if not _introduces(word)), None)
        if first == program:
            yield list(words)


def _introduces(word: str) -> bool:
    return word in _INTRODUCTIONS or re.fullmatch(r"[A-Z_]+=.*", word) is not None


def _commands(line: str) -> Iterator[list[str]]:
    """Split a line at the shell's operators; prose that is no shell yields nothing."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # an apostrophe in prose
        return
    command: list[str] = []
    for token in [*tokens, ";"]:
        if set(token) <= _OPERATORS:
            if command:
                yield command
            command = []
        else:
            command.append(token)
