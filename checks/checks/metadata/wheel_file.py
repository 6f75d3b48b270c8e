"""Validation of the WHEEL file (binary distribution format, "The .dist-info directory")."""

import re
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32
from math import prod
from typing import Never

from packaging.tags import Tag, parse_tag
from packaging.utils import BuildTag

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.refusal import Reason, Refused, quote
from schemas.names import MAX_TAGS

MAJOR = 1
"""Major Wheel-Version that installers support. Newer minor versions are compatible."""

_VERSION = re.compile(r"([0-9]{1,4})\.[0-9]{1,4}", re.ASCII)
_BUILD = re.compile(r"([0-9]{1,255})(.*)", re.ASCII)


def check_wheel_file(data: bytes, name: ParsedName, findings: Findings) -> None:
    """Compare the WHEEL file with the file name."""
    message = _parse(data)
    version = _get_only(message, "Wheel-Version")
    match = _VERSION.fullmatch(version)
    if match is None or int(match[1]) != MAJOR:
        _refuse(f"Wheel-Version is {quote(version)}, but installers support only {MAJOR}.x")
    if _get_only(message, "Root-Is-Purelib").lower() not in ("true", "false"):
        _refuse("Root-Is-Purelib is neither true nor false")
    _check_build(message, name, findings)
    _check_tags(message, name, findings)


def _parse(data: bytes) -> Message:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse(f"it is not UTF-8 at byte {error.start}")
    message = HeaderParser(policy=compat32).parsestr(text)
    if message.defects or str(message.get_payload()).strip():
        _refuse("a line is not of the form `Field: value`")
    return message


def _get_values(message: Message, field: str) -> list[str]:
    return [value.strip() for value in message.get_all(field, [])]


def _get_only(message: Message, field: str) -> str:
    values = _get_values(message, field)
    if len(values) != 1:
        _refuse(f"{field} is there {len(values)} times instead of once")
    return values[0]


def _check_build(message: Message, name: ParsedName, findings: Findings) -> None:
    values = _get_values(message, "Build")
    if not values and name.build:
        findings.warn(
            Reason.BAD_WHEEL,
            "WHEEL: no Build line, but the file name has a build number. Set build numbers with"
            " `wheel tags --build`.",
        )
    elif len(values) > 1 or [_parse_build(value) for value in values] != [name.build] * len(values):
        number = "".join(map(str, name.build)) or "none"
        _refuse(
            f"Build is {quote(', '.join(values))}, not the build number of the file name, {number}",
            "Set build numbers with `wheel tags --build`",
        )


def _parse_build(value: str) -> BuildTag:
    match = _BUILD.fullmatch(value)
    return (int(match[1]), match[2]) if match else ()


def _check_tags(message: Message, name: ParsedName, findings: Findings) -> None:
    """Warn if the expanded tags are not those of the file name, as in playwright and torch."""
    missing = set(name.tags)
    for value in _get_values(message, "Tag"):
        tags = _parse_tag(value)
        if not tags or not tags <= name.tags:
            _warn_about_tags(findings, f"Tag {quote(value)} is not in the file name")
            return
        missing -= tags
    if missing:
        tag = min(map(str, missing))
        _warn_about_tags(findings, f"no Tag line for {tag}, a tag of the file name")


def _parse_tag(value: str) -> frozenset[Tag]:
    """Expand a compressed tag; return no tags if it is malformed or too large."""
    try:
        return parse_tag(value) if _is_small(value) else frozenset()
    except ValueError:
        return frozenset()


def _warn_about_tags(findings: Findings, fault: str) -> None:
    findings.warn(Reason.BAD_WHEEL, f"WHEEL: {fault}. Change tags with `wheel tags`.")


def _is_small(value: str) -> bool:
    return prod(part.count(".") + 1 for part in value.split("-")) <= MAX_TAGS


def _refuse(fault: str, remedy: str = "Build the wheel again") -> Never:
    raise Refused(Reason.BAD_WHEEL, f"WHEEL: {fault}. {remedy}.")
