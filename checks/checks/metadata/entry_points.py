"""Validation of entry_points.txt (entry points specification): commands and plugins."""

import re
from configparser import ConfigParser, Error
from typing import Never

from checks.refusal import Reason, Refused, quote

SCRIPT_GROUPS = ("console_scripts", "gui_scripts")
"""Groups for which installers write an executable file per entry."""
MAX_LINE_LENGTH = 1000
"""Maximum length of a line, in bytes. `configparser` takes quadratic time over a line."""

_SCRIPT_NAME = re.compile(r"(?!\.+\Z)[\w.-]+")
"""Script names that the specification recommends, without `.` and `..`."""
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_EXTRAS = r"\[\s*+[\w.-]*+(?:\s*+,\s*+[\w.-]++)*+\s*+\]"
_REFERENCE = re.compile(rf"{_DOTTED}(?:\s*+:\s*+{_DOTTED})?(?:\s*+{_EXTRAS})?")
"""Object reference: `package.module:object.attribute [extra, …]` ("Data model").

The quantifiers are possessive, so that matching takes linear time.
"""
_CALLABLE = re.compile(rf"{_DOTTED}:{_DOTTED}")
"""Object reference of a script. pip accepts no blanks around the colon."""


def check_entry_points(data: bytes) -> list[str]:
    """Refuse entry points that are malformed, or unsafe to write to disk; return the scripts."""
    if not data:
        return []  # of most wheels; a parser takes a tenth of the time of all checks
    parser = _parse(data)
    scripts = []
    for group in parser.sections():
        if group.lower() == "default":
            _refuse(
                "some readers add the entries of [DEFAULT] to every other group. Rename the group"
            )
        for name, reference in parser.items(group):
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                _refuse(
                    f"[{group}] {name}: {quote(reference)} is not an object reference. Use the"
                    " form `module:object`"
                )
            if group in SCRIPT_GROUPS:
                _check_script(group, name, _CALLABLE.match(reference) is not None)
                scripts.append(name)
    return scripts


def _parse(data: bytes) -> ConfigParser:
    if any(len(line) > MAX_LINE_LENGTH for line in data.split(b"\n")):
        _refuse(f"a line is longer than {MAX_LINE_LENGTH} bytes. Shorten it")
    parser = _Parser(delimiters=("=",), interpolation=None, default_section="")
    try:
        parser.read_string(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        _refuse(f"it is not UTF-8 at byte {error.start}. Save it in UTF-8")
    except Error as error:
        _refuse(f"it is not an INI file: {' '.join(str(error).split())}. Correct the line")
    return parser


class _Parser(ConfigParser):
    """INI parser that keeps the case of names, as the specification requires."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _check_script(group: str, name: str, is_callable: bool) -> None:
    if not _SCRIPT_NAME.fullmatch(name):
        _refuse(
            f"[{group}] {quote(name)} is not the name of a script."
            " Use only letters, digits and `_.-`"
        )
    if not is_callable:
        _refuse(f"[{group}] {name}: a script needs an object. Write `module:object` without blanks")


def _refuse(fault: str) -> Never:
    raise Refused(Reason.BAD_ENTRY_POINTS, f"entry_points.txt: {fault}.")
