"""Names of projects, versions and files, parsed by ``packaging``."""

import re
from collections.abc import Callable
from functools import lru_cache
from math import prod
from typing import NamedTuple, NewType

from packaging.utils import (
    InvalidName,
    canonicalize_name,
    canonicalize_version,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion
from packaging.version import Version as ParsedVersion

ProjectName = NewType("ProjectName", str)
"""Normalised name of a project. https://peps.python.org/pep-0503/#normalized-names"""

Version = NewType("Version", str)
"""Version in its normal form. https://peps.python.org/pep-0440/#normalization"""

Filename = NewType("Filename", str)
"""Name of a distribution file, and of its object in the packages bucket."""

Parser = Callable[[str], str]

_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}", re.ASCII)
_BUILD = re.compile(r"([0-9]+)(.*)")

_parse_version = lru_cache(1024)(ParsedVersion)
_normalize_project = lru_cache(1024)(canonicalize_name)


class InvalidFilename(ValueError):
    """File name of neither a wheel nor an sdist."""


MAX_TAGS = 1000
"""Maximum number of tags in the compressed tag set of a wheel's file name, expanded."""

MAX_LENGTH = 255
"""Maximum length of a name, version or file name, in characters.

No common file system stores a longer file name.
"""


def normalize_project(name: str) -> ProjectName:
    """Normalise the name of a project.

    :raises ValueError: if the name is not valid.
    """
    _check_length(name)
    try:
        return ProjectName(canonicalize_name(name, validate=True))
    except InvalidName as error:
        raise ValueError(f"{name!r} is not a valid project name") from error


def try_normalize_project(name: str) -> ProjectName | None:
    """Normalise the name of a project; return None if it is not valid."""
    try:
        return normalize_project(name)
    except ValueError:
        return None


def normalize_version(version: str) -> Version:
    """Return the normal form of a version.

    :raises ValueError: if it is not a PEP 440 version.
    """
    _check_length(version)
    try:
        return Version(str(ParsedVersion(version)))
    except InvalidVersion as error:
        raise ValueError(f"{version!r} is not a PEP 440 version") from error


def normalize_release(version: str) -> Version:
    """Return the common form of all equal versions: 1.0 and 1.0.0 are the same release.

    https://packaging.python.org/en/latest/specifications/version-specifiers/#final-releases
    """
    return Version(canonicalize_version(version))


def validate_filename(filename: str) -> Filename:
    """Return ``filename`` if its length and characters are valid for a distribution file.

    :raises InvalidFilename: otherwise.
    """
    if not _FILENAME.fullmatch(filename):
        raise InvalidFilename(f"{filename[:300]!r} is not a valid file name for a distribution")
    return Filename(filename)


def parse_filename(filename: str) -> tuple[ProjectName, Version]:
    """Return the normalised project and version in the file name of a wheel or an sdist.

    :raises InvalidFilename: if it is neither (binary distribution format; PEP 625).
    """
    validate_filename(filename)
    try:
        if filename.endswith(".whl"):
            _check_tags(filename)
            project, version, _, _ = parse_wheel_filename(filename)
        elif filename.endswith(".tar.gz"):
            name, version = _split_sdist_name(filename)
            project = canonicalize_name(name)
        else:
            raise InvalidFilename(f"{filename!r} does not end in .whl or .tar.gz")
        return normalize_project(project), Version(str(version))
    except ValueError as error:  # all errors of packaging are ValueErrors
        raise InvalidFilename(str(error)) from error


def _split_sdist_name(filename: str) -> tuple[str, ParsedVersion]:
    """Split the name of an sdist into project and version at the last possible hyphen.

    Names of PEP 625 have one hyphen. Legacy names have hyphens in the project (`my-pkg-1.0`) or in
    the version (`pkg-1.0-beta`). This is the only split: ingest refuses an sdist with another
    release in PKG-INFO. So project and version of each file follow from its name alone.
    """
    stem = filename.removesuffix(".tar.gz")
    end = len(stem)
    while (end := stem.rfind("-", 0, end)) > 0:
        try:
            return stem[:end], ParsedVersion(stem[end + 1 :])
        except InvalidVersion:
            continue
    raise InvalidFilename(f"{filename!r} has no version after its project, as in acme-1.0.tar.gz")


def count_tags(filename: str) -> int:
    """Return the number of tags that the compressed tag set of a wheel expands to (PEP 425)."""
    tags = filename.removesuffix(".whl").split("-")[-3:]
    return prod(part.count(".") + 1 for part in tags)


def _check_tags(filename: str) -> None:
    """Limit the size of the tag set before it is expanded."""
    if count_tags(filename) > MAX_TAGS:
        raise ValueError(f"{filename!r} expands to more than {MAX_TAGS} tags")


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it has {len(text)} characters; the limit is {MAX_LENGTH}")


def parse_display_name(filename: Filename) -> str:
    """Return the project's name in the spelling of the file name: the part before the version."""
    if filename.endswith(".whl"):
        return filename.split("-", 1)[0]
    try:
        return _split_sdist_name(filename)[0]
    except InvalidFilename:
        return filename.rsplit("-", 1)[0]


def escape_project(project: ProjectName) -> str:
    """Return the escaped name of a project, as current build tools write it in file names.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#escaping-and-unicode
    """
    return project.replace("-", "_")


class Equivalence(NamedTuple):
    """Common key of all equivalent file names.

    Installers choose differently between two files with one key, so a project lists one of them. A
    release has at most one sdist.
    """

    project: str
    """Normalised name of the project."""
    release: ParsedVersion
    """Version; equal versions of PEP 440 are one release."""
    build: tuple[int, str] | None
    """Build number of a wheel; None without one."""
    tags: tuple[frozenset[str], ...]
    """Python, ABI and platform tags of a wheel; empty for an sdist."""


def derive_equivalence(filename: str) -> Equivalence | None:
    """Return the key of a file name; None if it is neither a wheel nor a ``.tar.gz`` sdist."""
    try:
        if filename.endswith(".whl"):
            return _derive_wheel(filename)
        if filename.endswith(".tar.gz"):
            project, version = parse_filename(filename)
            return Equivalence(project, _parse_version(version), None, ())
    except ValueError:  # also of packaging
        pass
    return None


def _derive_wheel(filename: str) -> Equivalence | None:
    """Derive the key without the expansion of the tag set, which can have 1000 tags.

    Expanded tag sets are equal exactly if the sets of Python, ABI and platform tags are equal.
    """
    project, version, *build, python, abi, platform = filename.removesuffix(".whl").split("-")
    number = _BUILD.fullmatch(build[0]) if len(build) == 1 else None
    if build and number is None:
        return None
    return Equivalence(
        project=_normalize_project(project),
        release=_parse_version(version),
        build=(int(number[1]), number[2]) if number else None,
        tags=tuple(frozenset(tags.lower().split(".")) for tags in (python, abi, platform)),
    )
