"""Explanations of invalid values of core metadata: the wrong part, the reason, a valid example."""

import re
from collections.abc import Callable
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier
from packaging.version import VERSION_PATTERN

from checks.metadata.field_values import PARSER_FAILURES, collapse, format_error
from checks.refusal import MAX_QUOTE_LENGTH, quote

REQUIREMENT_EXAMPLE = "acme[fast]>=1.0,<2; python_version >= '3.9'"
_RANGE = ">=3.9,<4"
_OPERATORS = ("~=", "===", "==", "!=", "<=", ">=", "<", ">")
_SPECIFIER = re.compile(r"([^\w\s.*]*)\s*(.*)", re.DOTALL)
_TWO = re.compile(r"[\w.*]\s+[~<>=!|]")
_NUMBERS = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,3}")
_VERSION = re.compile(VERSION_PATTERN, re.VERBOSE | re.IGNORECASE)
_NAME_EDGES = re.compile(r"\A[^A-Za-z0-9]+|[^A-Za-z0-9]+\Z")


class Explanation(NamedTuple):
    """Reason of a parser's error, and a valid value."""

    reason: str
    example: str


def explain(attribute: str, values: list[str], error: Exception) -> str:
    """Return the invalid value, the reason and an example, as a sentence without its end.

    :param values: all values of the field.
    :param error: the error of `packaging`; it is the reason if the value is not understood.
    """
    for value in map(collapse, values):
        if found := _EXPLAIN[attribute](value):
            return f"{quote(value)}: {found.reason}. Write for example {found.example}"
    return f"{format_error(error)}. Correct the field"


def explain_specifiers(value: str) -> Explanation | None:
    """Explain the first invalid version specifier (PEP 440)."""
    for specifier in filter(None, map(str.strip, value.split(","))):
        try:
            Specifier(specifier)
        except InvalidSpecifier:
            reason = _explain_specifier(specifier)
            return Explanation(f"{quote(specifier)} {reason}", _suggest_range(specifier))
    return None


def _explain_specifier(specifier: str) -> str:
    match = _SPECIFIER.fullmatch(specifier)
    operator, version = (match[1], match[2]) if match else ("", specifier)
    if specifier[0] in "'\"":
        return "has quotation marks"
    if _TWO.search(specifier):
        return "has two specifiers without a comma between them"
    if not operator:
        return f"does not begin with an operator ({', '.join(_OPERATORS)})"
    if operator not in _OPERATORS:
        return f"begins with {quote(operator)}, not with an operator ({', '.join(_OPERATORS)})"
    if not version:
        return f"has no version after {operator}"
    if version.endswith(".*"):
        return f"has `.*` after {operator}, but it is allowed only after == and !="
    if _VERSION.fullmatch(version) is None:
        return f"has {quote(version)} after {operator}, which is not a version (PEP 440)"
    if operator == "~=":
        return "has one number after ~=, but needs at least two"
    return f"has a local version after {operator}, but it is allowed only after == and !="


def _suggest_range(specifier: str) -> str:
    """Return a valid specifier with the numbers in the invalid one."""
    first, *more = _NUMBERS.findall(specifier) or [""]
    if not first:
        return _RANGE
    operator = next((one for one in _OPERATORS if specifier.startswith(one)), ">=")
    if operator == "~=" and "." not in first:
        first += ".0"
    return f"{operator}{first},<{more[0]}" if more and operator == ">=" else f"{operator}{first}"


def _explain_requirement(value: str) -> Explanation | None:
    try:
        Requirement(value)
    except (InvalidRequirement, *PARSER_FAILURES) as error:
        reason, *lines = str(error).splitlines() or ["it is not readable"]
        caret = lines[-1].rfind("^") - 4 if lines else -1  # `packaging` indents by 4
        place = f" at character {caret + 1}" if 0 <= caret <= len(value) else ""
        return Explanation(f"{collapse(reason)}{place}", REQUIREMENT_EXAMPLE)
    return None


def _explain_version(value: str) -> Explanation | None:
    if not value:
        return Explanation("it is empty or missing", "1.0")
    match = _VERSION.match(value)
    if match is None:
        return Explanation("it does not begin with a number (PEP 440)", "1.0")
    rest = value[match.end() :]
    if not rest or match.end() > MAX_QUOTE_LENGTH:
        return None
    local = ".".join(re.findall(r"[a-z0-9]+", rest.lower()))[:50].strip(".")
    example = f"{match[0]}+{local}" if local and "+" not in match[0] else match[0]
    return Explanation(
        f"{quote(rest)} after {match[0]} is not part of a version (PEP 440)", example
    )


def _explain_name(value: str) -> Explanation | None:
    if not value:
        return Explanation("it is empty or missing", "acme")
    example = _NAME_EDGES.sub("", re.sub(r"[^A-Za-z0-9._-]+", "-", value)[:50]) or "acme"
    if wrong := re.search(r"[^A-Za-z0-9._-]", value):
        reason = f"{quote(wrong[0])} is not allowed, only letters, digits, `.`, `_` and `-`"
    elif _NAME_EDGES.search(value):
        reason = "it has to begin and end with a letter or digit"
    else:
        return None
    return Explanation(reason, example)


_EXPLAIN: dict[str, Callable[[str], Explanation | None]] = {
    "name": _explain_name,
    "version": _explain_version,
    "requires_python": explain_specifiers,
    "requires_dist": _explain_requirement,
    "provides_extra": _explain_name,
}
