"""Rules for the `.data` directory of a wheel (binary distribution format)."""

from collections.abc import Iterable
from typing import Never

from checks.archive.member_names import find_path_fault, quote_name
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_paths import (
    DATA_SUFFIX,
    SCHEMES,
    SCRIPTS,
    find_installed_path,
    split_data_name,
)
from checks.refusal import Reason, Refused, quote

_KEYS = ", ".join(SCHEMES)


def check_data_directory(
    names: Iterable[str], name: ParsedName, dist_info: str, findings: Findings
) -> None:
    """Refuse members of `.data` that installers do not install alike, or not at all."""
    expected = dist_info.removesuffix(".dist-info") + DATA_SUFFIX
    directory, nested = None, None
    for member in names:
        parts = split_data_name(member)
        if parts is None:
            continue
        if parts[0] not in (directory, expected) or directory not in (None, parts[0]):
            _expect_own(parts[0], directory, member, name, expected)
        directory = parts[0]
        _expect_scheme(parts[1], member)
        _expect_safe(member)
        if parts[1] == SCRIPTS and "/" in parts[2].removesuffix("/"):
            nested = nested or member
    if directory not in (None, expected):
        findings.warn(
            Reason.INSTALLED_PATH,
            f"{quote_name(str(directory))}: some installers look only for {quote_name(expected)}."
            " Build the wheel with a current back end.",
        )
    if nested:
        findings.warn(
            Reason.INSTALLED_PATH,
            f"{quote_name(nested)}: installers do not install directories of scripts alike."
            " Move the script up to `scripts/`.",
        )


def _expect_own(
    found: str, before: str | None, member: str, name: ParsedName, expected: str
) -> None:
    if not found.endswith(DATA_SUFFIX) or not name.has_directory(found.removesuffix(DATA_SUFFIX)):
        _refuse(
            member,
            f"{quote_name(found)} is not the .data directory of this wheel, {quote_name(expected)}",
            "Rename it; installers take no other top-level name with this ending",
        )
    if before is not None and found != before:
        _refuse(
            member,
            f"{quote_name(before)} and {quote_name(found)} are two .data directories",
            f"Move all members to {quote_name(expected)}",
        )


def _expect_scheme(key: str, member: str) -> None:
    if member.count("/") < 2 and not member.endswith("/"):
        _refuse(member, "a file is directly in .data", f"Move it to one of {_KEYS}")
    if key in SCHEMES or not key:
        return
    _refuse(member, f"{quote(key)} is not a scheme key", f"Use one of {_KEYS}")


def _expect_safe(member: str) -> None:
    path = find_installed_path(member).path
    if path and (fault := find_path_fault(path)):
        raise Refused(
            Reason.ZIP_PATH,
            f"{quote_name(member)} is installed as {quote_name(path)}: {fault}. Rename the member.",
        )


def _refuse(member: str, fault: str, remedy: str) -> Never:
    raise Refused(Reason.INSTALLED_PATH, f"member {quote_name(member)}: {fault}. {remedy}.")
