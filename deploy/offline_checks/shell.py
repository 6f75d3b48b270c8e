"""Simple parser that splits shell text into commands.

Variables, command substitutions and ellipses (``$BUCKET``, ``$(…)``, ``…``) become placeholders.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from offline_checks.markdown import PLACEHOLDER, fill_placeholders

_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
_VARIABLE = re.compile(r"\$\{\{.*?\}\}|\$\{[^}]*\}|\$\w+|\$@|…")
_HERE_DOCUMENT = re.compile(r"<<-?(\w+)$.*?^\1$", re.MULTILINE | re.DOTALL)
_PIECE = re.compile(r"""\\\n|\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)\#.*|.|\n""")
"""Character of shell text, or a whole string or comment."""
_OPERATORS = frozenset("()<>|&;")
_INTRODUCTIONS = frozenset({"!", "{", "}", "if", "while", "until", "then", "else", "do"})
_SETTING = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """Program with its arguments."""

    settings: tuple[str, ...]
    """Environment variables of the command, in the form ``NAME=value``."""
    words: tuple[str, ...]
    """Program and arguments."""


def split_commands(text: str) -> Iterator[Command]:
    """Yield all commands of complete shell text, those in ``$(…)`` first.

    Yield nothing for text with unbalanced quotation marks.
    """
    for inner in _SUBSTITUTION.findall(text):
        yield from split_commands(inner)
    plain = fill_placeholders(_VARIABLE.sub(PLACEHOLDER, _SUBSTITUTION.sub(PLACEHOLDER, text)))
    for words in _split(_join_lines(_HERE_DOCUMENT.sub(" ", plain))):
        start = next((i for i, word in enumerate(words) if word not in _INTRODUCTIONS), len(words))
        settings = tuple(takewhile(_SETTING.fullmatch, words[start:]))
        if rest := words[start + len(settings) :]:
            yield Command(settings, tuple(rest))


def _join_lines(text: str) -> str:
    """Replace line breaks by ``;`` and remove comments."""
    pieces = _PIECE.findall(text)
    ends = {"\n": " ; ", "\\\n": " "}
    return "".join(ends.get(piece, piece) for piece in pieces if not piece.startswith("#"))


def _split(line: str) -> Iterator[Sequence[str]]:
    """Split a line at the operators of the shell.

    Leave out the files of redirections and the names of function definitions.
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
