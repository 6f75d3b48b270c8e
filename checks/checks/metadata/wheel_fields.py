"""Header fields in the text of a WHEEL file, with those after a blank line."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Never

from checks.findings import Findings
from checks.refusal import Reason, Refused, quote

VERSION = "Wheel-Version"
"""Required field. pip and uv cannot install a wheel with a blank line before it."""
REPEATABLE = frozenset({"tag"})
JUDGED = frozenset({"wheel-version", "root-is-purelib", "build"})
"""Fields that installers read, and that occur once. Different values are refused."""

_FIELD = re.compile(r"([!-9;-~]+):(.*)")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Field(NamedTuple):
    """Value of a field, and the number of its line."""

    line: int
    name: str
    value: str


class WheelFields:
    """Fields of a WHEEL file; names are compared without case."""

    def __init__(self, text: str) -> None:
        self._first_blank: int | None = None
        """Number of the first blank line with a field after it."""
        self._fields: dict[str, list[Field]] = {}
        self._late: Field | None = None
        """First field after that line."""
        for field in self._parse(_LINE_END.split(text)):
            self._fields.setdefault(field.name.lower(), []).append(field)
            if self._first_blank and not self._late and field.line > self._first_blank:
                self._late = field

    def get_values(self, name: str) -> list[str]:
        """Return all values of a field."""
        return [field.value for field in self._get_fields(name)]

    def get_only(self, name: str, normalize: Callable[[str], object], findings: Findings) -> str:
        """Return the value of a required field; refuse different values, warn about equal ones."""
        fields = self._get_fields(name)
        if not fields:
            refuse(f"there is no {name}")
        self.expect_equal(name, normalize, findings)
        return fields[0].value

    def expect_equal(
        self, name: str, normalize: Callable[[str], object], findings: Findings
    ) -> None:
        """Refuse different values of a field; warn about equal ones."""
        fields = self._get_fields(name)
        for other in fields[1:]:
            if normalize(other.value) != normalize(fields[0].value):
                refuse(
                    f"{name} is {quote(fields[0].value)} in line {fields[0].line}, but"
                    f" {quote(other.value)} in line {other.line}",
                    "Write it once",
                )
        self._warn_about_repetition(name, findings)

    def check_form(self, findings: Findings) -> None:
        """Check blank lines, and repeated fields without effect on installers."""
        if self._first_blank and self._late:
            self._check_blank_line(self._first_blank, self._late, findings)
        for name, fields in self._fields.items():
            if name not in REPEATABLE | JUDGED and len(fields) > 1:
                self._warn_about_repetition(fields[0].name, findings)
                return

    def _parse(self, lines: list[str]) -> Iterator[Field]:
        field, follows_blank = None, True
        for number, line in enumerate(lines, start=1):
            if match := _FIELD.fullmatch(line):
                if field:
                    yield field
                field, follows_blank = Field(number, match[1], match[2].strip()), False
            elif not line.strip():
                follows_blank = True
                self._first_blank = self._first_blank or number
            elif line[0] in " \t" and field and not follows_blank:
                field = field._replace(value=f"{field.value}\n{line.strip()}".strip())
            else:
                refuse(f"line {number} is not of the form `Field: value`: {quote(line)}")
        if field:
            yield field

    def _get_fields(self, name: str) -> list[Field]:
        return self._fields.get(name.lower(), [])

    def _check_blank_line(self, number: int, late: Field, findings: Findings) -> None:
        versions = self._get_fields(VERSION)
        if versions and versions[0].line > number:
            refuse(
                f"line {number} is blank and ends the fields for installers, so that they find no"
                f" {VERSION} (line {versions[0].line})",
                "Remove the blank line",
            )
        findings.warn(
            Reason.BAD_WHEEL,
            f"WHEEL: line {number} is blank: installers do not read the fields after it,"
            f" such as {late.name} in line {late.line}. Remove the blank line.",
        )

    def _warn_about_repetition(self, name: str, findings: Findings) -> None:
        fields = self._get_fields(name)
        if len(fields) > 1:
            lines = " and ".join(str(field.line) for field in fields[:2])
            values = " and ".join(quote(field.value) for field in fields[:2])
            findings.warn(
                Reason.BAD_WHEEL,
                f"WHEEL: {name} is there {len(fields)} times (lines {lines}: {values})."
                " Write it once.",
            )


def refuse(fault: str, remedy: str = "Build the wheel again") -> Never:
    """Refuse the WHEEL file."""
    raise Refused(Reason.BAD_WHEEL, f"WHEEL: {fault}. {remedy}.")
