"""The WHEEL file of a wheel (binary distribution format, "The .dist-info directory")."""

import re
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from math import prod
from typing import Never

from packaging.tags import parse_tag
from packaging.utils import BuildTag

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.refusal import Reason, Refused, quoted
from schemas.names import MAX_TAGS

MAJOR = 1
"""Of the Wheel-Version that installers understand; a newer minor only adds."""

_VERSION = re.compile(r"([0-9]{1,4})\.[0-9]{1,4}", re.ASCII)
_BUILD = re.compile(r"([0-9]{1,255})(.*)", re.ASCII)


def check_wheel_file(data: bytes, name: ParsedName, findings: Findings) -> None:
    """Hold the WHEEL file against the file name."""
    message = _parse(data)
    version = _only(message, "Wheel-Version")
    match = _VERSION.fullmatch(version)
    if match is None or int(match[1]) != MAJOR:
        _bad(f"Wheel-Version {quoted(version)}: installers understand {MAJOR}.x")
    if _only(message, "Root-Is-Purelib").lower() not in ("true", "false"):
        _bad("Root-Is-Purelib is neither true nor false")
    _check_build(message, name, findings)
    _check_tags(message, name, findings)


def _parse(data: bytes) -> Message:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _bad(f"it is not UTF-8 at byte {error.start}")
    message = HeaderParser(policy=compat32).parsestr(text)
    if message.defects or str(message.get_payload()).strip():
        _bad("a line is not of the form `Field: value`")
    return message


def _values(message: Message, field: str) -> list[str]:
    return [value.strip() for value in message.get_all(field, [])]


def _only(message: Message, field: str) -> str:
    values = _values(message, field)
    if len(values) != 1:
        _bad(f"{field} is there {len(values)} times instead of once")
    return values[0]


def _check_build(message: Message, name: ParsedName, findings: Findings) -> None:
    values = _values(message, "Build")
    if not values and name.build:
        findings.warn(
            Reason.BAD_WHEEL, "WHEEL: no Build line, but the file name has a build number"
        )
    elif len(values) > 1 or [_build(value) for value in values] != [name.build] * len(values):
        _bad(f"Build {quoted(', '.join(values))} is not the build number of the file name")


def _build(value: str) -> BuildTag:
    match = _BUILD.fullmatch(value)
    return (int(match[1]), match[2]) if match else ()


def _check_tags(message: Message, name: ParsedName, findings: Findings) -> None:
    """The tags, expanded, are those of the file name; playwright and torch do not mind."""
    missing = set(name.tags)
    for value in _values(message, "Tag"):
        try:
            tags = parse_tag(value) if _expands_well(value) else frozenset()
        except ValueError:
            tags = frozenset()
        if not tags or not tags <= name.tags:
            findings.warn(Reason.BAD_WHEEL, f"WHEEL: Tag {quoted(value)} is not in the file name")
            return
        missing -= tags
    if missing:
        findings.warn(Reason.BAD_WHEEL, f"WHEEL: no Tag line for {min(map(str, missing))}")


def _expands_well(value: str) -> bool:
    return prod(part.count(".") + 1 for part in value.split("-")) <= MAX_TAGS


def _bad(what: str) -> Never:
    raise Refused(Reason.BAD_WHEEL, f"WHEEL: {what}")
