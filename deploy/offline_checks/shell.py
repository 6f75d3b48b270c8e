"""Takes shell text apart into its commands, far enough to say of each which program it starts.

What only a run would know (``$BUCKET``, ``$(…)``, ``…`` in a text) becomes a placeholder.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from offline_checks.markdown import PLACEHOLDER, filled

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_VARIABLE = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|\$@|…")
_HERE_DOCUMENT = re.compile(r"<<-?(\w+)$.*?^\1$", re.MULTILINE | re.DOTALL)
_PIECE = re.compile(r"""\\\n|\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)\#.*|.|\n""")
"""A character of shell text, or a string or a comment as a whole."""
_OPERATORS = frozenset("()<>|&;")
_INTRODUCTIONS = frozenset({"!", "{", "}", "if", "while", "until", "then", "else", "do"})
_SETTING = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One program with its arguments."""

    settings: tuple[str, ...]
    """The variables that are set for it, as ``NAME=value``."""
    words: tuple[str, ...]
    """The program and its arguments; none, if only variables are set."""


def commands(text: str) -> Iterator[Command]:
    """Yield every command of whole shell text, those in ``$(…)`` first.

    Text with a quotation mark too many is no shell, and yields nothing.
    """
    for inner in _SUBSTITUTION.findall(text):
        yield from commands(inner)
    plain = filled(_VARIABLE.sub(PLACEHOLDER, _SUBSTITUTION.sub(PLACEHOLDER, text)))
    for words in _split(_on_one_line(_HERE_DOCUMENT.sub(" ", plain))):
        start = next((i for i, word in enumerate(words) if word not in _INTRODUCTIONS), len(words))
        settings = tuple(takewhile(_SETTING.fullmatch, words[start:]))
        if rest := words[start + len(settings) :]:
            yield Command(settings, tuple(rest))


def _on_one_line(text: str) -> str:
    """Put ``;`` where a line ends, and take out comments."""
    pieces = _PIECE.findall(text)
    ends = {"\n": " ; ", "\\\n": " "}
    return "".join(ends.get(piece, piece) for piece in pieces if not piece.startswith("#"))


def _split(line: str) -> Iterator[Sequence[str]]:
    """Split a line at the shell's operators; files that are read or written, and names that are
    given to functions, are no words of a command.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        return
    words: list[str] = []
    before = ""
    for token in [*tokens, ";"]:
        if not set(token) <= _OPERATORS:
            if not set(before) & set("<>"):
                words.append(token)
        elif not set(token) & set("<>"):
            if words and not token.startswith("()"):
                yield words
            words = []
        before = token
