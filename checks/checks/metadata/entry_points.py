"""entry_points.txt (entry points specification): commands and plugins a distribution offers."""

import re
from configparser import ConfigParser, Error
from typing import Never

from checks.refusal import Reason, Refused, quoted

SCRIPT_GROUPS = ("console_scripts", "gui_scripts")
"""Installers write an executable file for each entry of these."""
MAX_LINE_LENGTH = 1000
"""In bytes; `configparser` takes quadratic time over a line."""

_SCRIPT_NAME = re.compile(r"(?!\.+\Z)[\w.-]+")
"""As the specification recommends, but for `.` and `..`, which are no file names."""
_DOTTED = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_EXTRAS = r"\[\s*+[\w.-]*+(?:\s*+,\s*+[\w.-]++)*+\s*+\]"
_REFERENCE = re.compile(rf"{_DOTTED}(?:\s*+:\s*+{_DOTTED})?(?:\s*+{_EXTRAS})?")
"""`package.module:object.attribute [extra, …]`, "Data model"; possessive, as time is to be linear.
"""
_CALLABLE = re.compile(rf"{_DOTTED}:{_DOTTED}")
"""What pip makes a script from; it takes no blanks around the colon."""


def check_entry_points(data: bytes) -> None:
    """Refuse entry points that installers could not, or should not, write to disk."""
    parser = _parse(data)
    for group in parser.sections():
        if group.lower() == "default":
            _bad("[DEFAULT] adds its entries to every other group, for some readers")
        for name, reference in parser.items(group):
            match = _REFERENCE.fullmatch(reference)
            if match is None:
                _bad(f"[{group}] {name}: {quoted(reference)} is not an object reference")
            if group in SCRIPT_GROUPS:
                _check_script(group, name, _CALLABLE.match(reference) is not None)


def _parse(data: bytes) -> ConfigParser:
    if any(len(line) > MAX_LINE_LENGTH for line in data.split(b"\n")):
        _bad(f"a line is longer than {MAX_LINE_LENGTH} bytes")
    parser = _Parser(delimiters=("=",), interpolation=None, default_section="")
    try:
        parser.read_string(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        _bad(f"it is not UTF-8 at byte {error.start}")
    except Error as error:
        _bad(f"it is not an INI file: {' '.join(str(error).split())}")
    return parser


class _Parser(ConfigParser):
    """Keeps the case of names, as the specification asks."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _check_script(group: str, name: str, callable_: bool) -> None:
    if not _SCRIPT_NAME.fullmatch(name):
        _bad(f"[{group}] {quoted(name)} is not the name of a script")
    if not callable_:
        _bad(f"[{group}] {name}: a script needs an object to call, `module:object` without blanks")


def _bad(what: str) -> Never:
    raise Refused(Reason.BAD_ENTRY_POINTS, f"entry_points.txt: {what}")
