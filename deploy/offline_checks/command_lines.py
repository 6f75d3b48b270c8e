"""Finder of the commands of one program in scripts and YAML.

Variables, command substitutions and ellipses (``$BUCKET``, ``$(…)``, ``…``) become placeholders.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from offline_checks.markdown import PLACEHOLDER

_OPERATORS = frozenset("()<>|&;")
_INTRODUCTIONS = frozenset(
    {"$", "!", "if", "while", "until", "then", "else", "do"}
    | {"run", "retry_early_failures", "find_any"}
)
"""Words before a command: of the shell, and our functions that run their arguments."""
_YAML = re.compile(r"^ *(?:# ?|- )? *(?:\w+: )?(?:\| *$)?", re.MULTILINE)
"""Text before a command in YAML: the ``#`` of a comment, the ``-`` of a list, a key."""
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_VARIABLE = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|\$@|…|<[a-z -]+/?>")


def find_in_file(program: str, path: Path) -> Iterator[list[str]]:
    """Yield the arguments of each command of ``program`` in a file."""
    text = path.read_text("utf-8")
    in_yaml = path.suffix in (".yml", ".yaml")
    plain = _YAML.sub("", text) if in_yaml else re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    yield from find_in_shell(program, plain)


def find_in_shell(program: str, text: str) -> Iterator[list[str]]:
    """Yield the arguments of each command of ``program`` in shell text."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if re.search(rf"\b{program}\b", line):
            yield from _find_in_line(program, line)


def _find_in_line(program: str, line: str) -> Iterator[list[str]]:
    for inner in _SUBSTITUTION.findall(line):
        if re.match(rf"{program}\b", inner):
            yield from _find_in_line(program, inner)
    plain = _VARIABLE.sub(PLACEHOLDER, _SUBSTITUTION.sub(PLACEHOLDER, line))
    plain = re.sub(r"\$(?=\s)", "", plain)
    for command in _split(plain):
        words = iter(command)
        first = next((word for word in words if not _is_introduction(word)), None)
        if first == program:
            yield list(words)


def _is_introduction(word: str) -> bool:
    return word in _INTRODUCTIONS or re.fullmatch(r"[A-Z_]+=.*", word) is not None


def _split(line: str) -> Iterator[list[str]]:
    """Split a line at the operators of the shell; yield nothing for prose."""
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
