"""Code that Python executes before the program: startup files, and modules of installers."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_paths import PREFIX, SITE, find_installed_path
from checks.installation.path_files import (
    MAX_FILE_SIZE,
    PathFiles,
    is_path_file,
    is_startup_place,
)
from checks.policy import Policy
from checks.refusal import Reason, Refused, quote

_CUSTOMIZE = re.compile(r"(?:site|user)customize(?:\.[^/]*\.?(?:py[cdw]?|so))?", re.IGNORECASE)
"""Top-level modules and packages that the module `site` imports."""
_STANDARD_LIBRARY = re.compile(
    r"lib(?:64)?/(?:python|pypy)[0-9.]*t?/.*\.(?:py[cd]?|so)|(?:lib|dlls)/.*\.py[cd]?",
    re.IGNORECASE,
)
"""Modules below the prefix, on Unix and on Windows."""
_CONFIGURATION = re.compile(r"pyvenv\.cfg|[^/]*\._pth", re.IGNORECASE)
"""Files that tell an interpreter its directories."""
_OWNERS = {
    "pip": ("pip",),
    **dict.fromkeys(("setuptools", "pkg_resources", "_distutils_hack"), ("setuptools",)),
    "wheel": ("wheel",),
    "uv": ("uv",),
    "virtualenv": ("virtualenv",),
    "pipx": ("pipx",),
    "poetry": ("poetry", "poetry-core"),
    "packaging": ("packaging",),
    "installer": ("installer",),
    "hatchling": ("hatchling",),
    "flit_core": ("flit-core",),
    "certifi": ("certifi",),
    "requests": ("requests",),
    "urllib3": ("urllib3", "urllib3-future"),
    "_pytest": ("pytest",),
}
"""Projects of the top-level packages that installers, build back ends and tests import."""
_MAX_LISTED = 8


class _Place(NamedTuple):
    """Member with startup code."""

    member: str
    fault: str
    """Words after the member in a sentence."""


def check_startup_code(
    names: Iterable[str],
    path_files: PathFiles,
    name: ParsedName,
    policy: Policy,
    findings: Findings,
) -> None:
    """Note the startup code; list it in warnings, refuse it, or accept it, by the policy."""
    places = list(_list_startup_code(names, path_files, name.project))
    findings.note_startup_code(place.member for place in places[:_MAX_LISTED])
    if policy.startup_files == "accept":
        return
    for number, place in enumerate(places[:_MAX_LISTED], start=1):
        sentence = (
            f"{quote(place.member)}{place.fault} (startup code, {number} of {len(places)})."
            " Remove it, or have it accepted (STARTUP_FILES)."
        )
        if policy.startup_files == "refuse":
            raise Refused(Reason.STARTUP_CODE, sentence)
        findings.warn(Reason.STARTUP_CODE, sentence)


def _list_startup_code(
    names: Iterable[str], path_files: PathFiles, project: str
) -> Iterator[_Place]:
    """Yield one fault per startup file, and one per package of another project."""
    packages = set()
    for member in names:
        if is_path_file(member):
            if fault := _find_path_file_fault(member, path_files):
                yield _Place(member, fault)
        elif fault := _find_fault(member):
            yield _Place(member, f": {fault}")
        elif (package := _find_foreign_package(member, project)) and package not in packages:
            packages.add(package)
            yield _Place(member, f" is in {package}, a package of {_OWNERS[package][0]}")


def _find_path_file_fault(member: str, path_files: PathFiles) -> str | None:
    lines = path_files.read_lines(member)
    if lines is None:
        return f" was not read, because it has more than {MAX_FILE_SIZE} bytes or is one of many"
    for line in lines:
        if line.is_code:
            return f" line {line.number}: Python executes {quote(line.text)} whenever it starts"
    return None


def _find_fault(member: str) -> str | None:
    place = find_installed_path(member)
    if member.endswith("/"):
        return None
    if place.path.endswith(".start") and is_startup_place(member):
        return "Python calls the functions in it whenever it starts (PEP 829)"
    if place.directory not in (SITE, PREFIX):
        return None
    if _CUSTOMIZE.fullmatch(place.path.partition("/")[0]):
        return "Python imports it whenever it starts"
    if place.directory == PREFIX and _STANDARD_LIBRARY.fullmatch(place.path):
        return "it is installed into the standard library"
    if place.directory == PREFIX and _CONFIGURATION.fullmatch(place.path):
        return "it sets the directories of the interpreter"
    return None


def _find_foreign_package(member: str, project: str) -> str | None:
    place = find_installed_path(member)
    package, slash, rest = place.path.partition("/")
    package = package if slash else package.partition(".")[0]
    if place.directory != SITE or not (rest or not slash):
        return None
    owners = _OWNERS.get(package)
    return package if owners and project not in owners else None
