"""Validation of the WHEEL file (binary distribution format, "The .dist-info directory")."""

import re
from math import prod

from packaging.tags import Tag, parse_tag
from packaging.utils import BuildTag

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.metadata.wheel_fields import VERSION, WheelFields, refuse
from checks.refusal import Reason, quote
from schemas.names import MAX_TAGS

MAJOR = 1
"""Major Wheel-Version that installers support. Newer minor versions are compatible."""

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)
_BUILD = re.compile(r"([0-9]{1,255})(.*)", re.ASCII)


def check_wheel_file(data: bytes, name: ParsedName, findings: Findings) -> None:
    """Compare the WHEEL file with the file name."""
    fields = _parse(data)
    fields.check_form(findings)
    version = fields.get_only(VERSION, _parse_version, findings)
    if _parse_version(version)[:1] != (MAJOR,):
        refuse(f"Wheel-Version is {quote(version)}, but installers support only {MAJOR}.x")
    purelib = fields.get_only("Root-Is-Purelib", str.lower, findings)
    if purelib.lower() not in ("true", "false"):
        refuse(f"Root-Is-Purelib is {quote(purelib)}, neither true nor false")
    _check_build(fields, name, findings)
    _check_tags(fields, name, findings)


def _parse(data: bytes) -> WheelFields:
    try:
        return WheelFields(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        refuse(f"it is not UTF-8 at byte {error.start}")


def _parse_version(value: str) -> tuple[int | str, ...]:
    match = _VERSION.fullmatch(value)
    return (int(match[1]), int(match[2])) if match else (value,)


def _check_build(fields: WheelFields, name: ParsedName, findings: Findings) -> None:
    values = fields.get_values("Build")
    if not values and name.build:
        findings.warn(
            Reason.BAD_WHEEL,
            "WHEEL: no Build line, but the file name has a build number. Set build numbers with"
            " `wheel tags --build`.",
        )
    fields.expect_equal("Build", _parse_build, findings)
    if any(_parse_build(value) != name.build for value in values):
        number = "".join(map(str, name.build)) or "none"
        refuse(
            f"Build is {quote(values[0])}, not the build number of the file name, {number}",
            "Set build numbers with `wheel tags --build`",
        )


def _parse_build(value: str) -> BuildTag:
    match = _BUILD.fullmatch(value)
    return (int(match[1]), match[2]) if match else ()


def _check_tags(fields: WheelFields, name: ParsedName, findings: Findings) -> None:
    """Warn if the expanded tags are not those of the file name, as in playwright and torch."""
    missing = set(name.tags)
    for value in fields.get_values("Tag"):
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
