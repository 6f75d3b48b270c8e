"""Evaluator of filters of Cloud Logging, for the queries of the documentation.

It has the parts of the language that the documentation and Terraform use, and raises
:class:`UnknownSyntaxError` for all others. OR binds stronger than AND, which can be left out.

https://cloud.google.com/logging/docs/view/logging-query-language
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

Entry = Mapping[str, object]
"""Log entry in the form of JSON."""
Predicate = Callable[[Entry], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:\\.|[^"\\])*")|(?P<operator>=~|!~|!=|>=|[:=()])|(?P<word>[^\s()=:!~"<>]+))'
)


class UnknownSyntaxError(Exception):
    """Part of a filter that this evaluator does not have."""


def parse_filter(text: str) -> Predicate:
    """Return the predicate of a filter."""
    parser = _Parser(list(_split(text)))
    predicate = parser.parse_conjunction()
    if parser.tokens:
        raise UnknownSyntaxError(f"{parser.tokens[0]!r} in {text!r}")
    return predicate


def find_value(entry: Entry, field: str) -> object:
    """Return the value of a field such as ``resource.labels.service_name``; None without it."""
    value: object = entry
    for part in field.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _split(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise UnknownSyntaxError(text[position:])
        yield found[0].strip()
        position = found.end()


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def parse_conjunction(self) -> Predicate:
        parts = [self._parse_alternatives()]
        while self.tokens and self.tokens[0] != ")":
            if self.tokens[0] == "AND":
                self.tokens.pop(0)
            parts.append(self._parse_alternatives())
        return lambda entry: all(part(entry) for part in parts)

    def _parse_alternatives(self) -> Predicate:
        parts = [self._parse_term()]
        while self.tokens[:1] == ["OR"]:
            self.tokens.pop(0)
            parts.append(self._parse_term())
        return lambda entry: any(part(entry) for part in parts)

    def _parse_term(self) -> Predicate:
        match self._take():
            case "NOT":
                term = self._parse_term()
                return lambda entry: not term(entry)
            case "(":
                inner = self.parse_conjunction()
                self._take(")")
                return inner
            case field:
                return self._parse_comparison(field)

    def _parse_comparison(self, field: str) -> Predicate:
        operator, values = self._take(), self._parse_values()
        if operator not in _COMPARISONS or not re.fullmatch(r"[a-zA-Z][\w.]*", field):
            raise UnknownSyntaxError(f"{field} {operator}")
        compare = _COMPARISONS[operator]

        def check(entry: Entry) -> bool:
            found = find_value(entry, field)
            return found is not None and any(compare(_to_text(found), value) for value in values)

        return check

    def _parse_values(self) -> Sequence[str]:
        if self.tokens[:1] != ["("]:
            return [_unquote(self._take())]
        self._take("(")
        values = [_unquote(self._take())]
        while self.tokens[:1] == ["OR"]:
            self._take("OR")
            values.append(_unquote(self._take()))
        self._take(")")
        return values

    def _take(self, expected: str | None = None) -> str:
        if not self.tokens or expected not in (None, self.tokens[0]):
            raise UnknownSyntaxError(f"{expected or 'a word'} before {self.tokens}")
        return self.tokens.pop(0)


def _unquote(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def _to_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda found, value: found.lower() == value.lower(),
    ":": lambda found, value: value == "*" or value.lower() in found.lower(),
    "=~": lambda found, value: re.search(value, found) is not None,
    ">=": lambda found, value: float(found) >= float(value),
}
"""Comparisons, without regard to case apart from regular expressions."""
