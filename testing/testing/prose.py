"""Register of English text: rates of four habits that make sentences hard to read.

Model code bases (httpx, starlette, packaging, svcs, pypi-attestations) have per 1 000 words 0.0 to
1.4 relative clauses, no role pronouns and 0.0 to 0.3 archaic words. 0 to 3 % of their docstrings
begin with a clause.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HABITS = {
    "relative": r"what|who|whoever|whatever|whom|whose",
    "pronoun": r"nobody|somebody|everybody",
    "archaic": r"anew|beside|meanwhile|for ever|upon|hence|likewise",
    "personified": r"stands|lies|bears|speaks of|knows|is told",
}
"""The words of each habit, as a regular expression."""

_PATTERNS = {habit: re.compile(rf"\b({words})\b", re.IGNORECASE) for habit, words in HABITS.items()}
_CLAUSE = re.compile(r"\s*(What|Who|Whoever|Where|Whether|How|Why|Which|As)\b")
_WORD = re.compile(r"[A-Za-z']+")
_SENTENCE_END = re.compile(r"(?<=[.:!?])\s+|\n\s*\n")
_PYTHON_CODE = re.compile(r"``.*?``|`[^`]*`", re.DOTALL)
_MARKDOWN_CODE = re.compile(r"^( *)```.*?^\1```$|`[^`]*`", re.DOTALL | re.MULTILINE)
_QUOTATION = re.compile(r"“[^”]*”|^ *>.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A docstring, a block of comments or a page, without code and quotations."""

    path: Path
    line: int
    """The line of its beginning, from 1."""
    content: str
    is_docstring: bool = False

    @property
    def words(self) -> int:
        """Number of words."""
        return len(_WORD.findall(self.content))

    @property
    def begins_with_clause(self) -> bool:
        """True if the first word begins a clause."""
        return _CLAUSE.match(self.content) is not None

    def count_hits(self, habit: str) -> int:
        """Count the words of a habit."""
        return len(_PATTERNS[habit].findall(self.content))

    def split_sentences(self) -> Iterator[tuple[int, str]]:
        """Yield each sentence with its line."""
        start = 0
        for end in [*_SENTENCE_END.finditer(self.content), None]:
            sentence = self.content[start : end.start() if end else None]
            offset = start + len(sentence) - len(sentence.lstrip())
            yield self.line + self.content.count("\n", 0, offset), " ".join(sentence.split())
            start = end.end() if end else start


@dataclass(frozen=True, slots=True)
class Rates:
    """Hits of each habit per 1 000 words, and per cent of docstrings that begin with a clause."""

    relative: float
    pronoun: float
    archaic: float
    personified: float
    clauses: float

    @classmethod
    def from_texts(cls, texts: Iterable[Text]) -> "Rates":
        """Measure texts together."""
        texts = list(texts)
        thousands = max(sum(text.words for text in texts), 1) / 1000
        rates = {h: sum(text.count_hits(h) for text in texts) / thousands for h in HABITS}
        starts = [text.begins_with_clause for text in texts if text.is_docstring]
        return cls(**rates, clauses=100 * sum(starts) / max(len(starts), 1))


def read_python(path: Path) -> Iterator[Text]:
    """Yield the docstrings of a module, also those of attributes, and its blocks of comments."""
    source = path.read_text("utf-8")
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(docstring))):
                content = _blank(_PYTHON_CODE, docstring)
                yield Text(path, node.lineno, content, is_docstring=True)
    for line, comment in _join_comments(source):
        yield Text(path, line, _blank(_PYTHON_CODE, comment))


def read_markdown(path: Path) -> Text:
    """Return the text of a page without its code."""
    return Text(path, 1, _blank(_MARKDOWN_CODE, path.read_text("utf-8")))


def find_worst(texts: Iterable[Text], number: int) -> list[str]:
    """List the sentences with the most hits, each with file and line."""
    found = [
        (
            sum(len(pattern.findall(sentence)) for pattern in _PATTERNS.values()),
            text,
            line,
            sentence,
        )
        for text in texts
        for line, sentence in text.split_sentences()
    ]
    found.sort(key=lambda each: -each[0])
    return [
        f"{text.path}:{line}: {sentence}" for hits, text, line, sentence in found[:number] if hits
    ]


def find_clauses(texts: Iterable[Text]) -> list[str]:
    """List the docstrings that begin with a clause, each with file and line."""
    return [
        f"{text.path}:{text.line}: {next(text.split_sentences())[1]}"
        for text in texts
        if text.is_docstring and text.begins_with_clause
    ]


def _join_comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield each block of comment lines, with the line of its beginning."""
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if block and line != last + 1:
            yield last + 1 - len(block), "\n".join(block)
            block = []
        block.append(token.string.lstrip("# "))
        last = line
    if block:
        yield last + 1 - len(block), "\n".join(block)


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Remove matches and quotations, and keep their line breaks."""
    for each in (pattern, _QUOTATION):
        text = each.sub(lambda match: " " + "\n" * match[0].count("\n"), text)
    return text
