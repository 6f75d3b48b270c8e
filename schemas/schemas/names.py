"""Names of the field – project, version, filename – parsed by ``packaging``, never by hand."""

import re
from collections.abc import Callable
from math import prod
from typing import NewType

from packaging.utils import (
    InvalidName,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion
from packaging.version import Version as ParsedVersion

ProjectName = NewType("ProjectName", str)
"""A project's name, normalised. https://peps.python.org/pep-0503/#normalized-names"""

Version = NewType("Version", str)
"""A version in its normal form. https://peps.python.org/pep-0440/#normalization"""

Filename = NewType("Filename", str)
"""The name of a distribution's file, which is also its object's name in the packages bucket."""

Parser = Callable[[str], str]

_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}", re.ASCII)


class InvalidFilename(ValueError):
    """A file name that is no wheel's and no sdist's."""


MAX_TAGS = 1000
"""Tags that the compressed tag set of a wheel's file name may expand to."""

MAX_LENGTH = 255
"""Characters of a name, version or file name: no common file system keeps a longer file name."""


def normalize_project(name: str) -> ProjectName:
    """Normalise a project's name.

    :raises ValueError: if it is no legal name.
    """
    _check_length(name)
    try:
        return ProjectName(canonicalize_name(name, validate=True))
    except InvalidName as error:
        raise ValueError(f"{name!r} is no legal project name") from error


def try_normalize_project(name: str) -> ProjectName | None:
    """Normalise a project's name; return None if it is not legal."""
    try:
        return normalize_project(name)
    except ValueError:
        return None


def normalize_version(version: str) -> Version:
    """Bring a version into its normal form.

    :raises ValueError: if it is no PEP 440 version.
    """
    _check_length(version)
    try:
        return Version(str(ParsedVersion(version)))
    except InvalidVersion as error:
        raise ValueError(f"{version!r} is no PEP 440 version") from error


def release_of(version: str) -> Version:
    """The one form of all versions that are equal: 1.0 and 1.0.0 are the same release.

    https://packaging.python.org/en/latest/specifications/version-specifiers/#final-releases
    """
    return Version(canonicalize_version(version))


def checked_filename(filename: str) -> Filename:
    """Return ``filename`` if it can be a distribution's, by its characters alone.

    :raises InvalidFilename: if not.
    """
    if not _FILENAME.fullmatch(filename):
        raise InvalidFilename(f"{filename[:300]!r} cannot be a distribution's file name")
    return Filename(filename)


def parse_filename(filename: str) -> tuple[ProjectName, Version]:
    """Return the normalised project and version that a wheel's or sdist's file name states.

    :raises InvalidFilename: if it is neither (binary distribution format; PEP 625).
    """
    checked_filename(filename)
    try:
        if filename.endswith(".whl"):
            _check_tags(filename)
            project, version, _, _ = parse_wheel_filename(filename)
        elif filename.endswith(".tar.gz"):
            project, version = parse_sdist_filename(filename)
        else:
            raise InvalidFilename(f"{filename!r} ends neither in .whl nor in .tar.gz")
        return normalize_project(project), Version(str(version))
    except ValueError as error:  # of packaging's, each kind is one
        raise InvalidFilename(str(error)) from error


def count_tags(filename: str) -> int:
    """Return the number of tags that the compressed tag set of a wheel expands to (PEP 425)."""
    tags = filename.removesuffix(".whl").split("-")[-3:]
    return prod(part.count(".") + 1 for part in tags)


def _check_tags(filename: str) -> None:
    """Require that the tag set is small, before it is expanded."""
    if count_tags(filename) > MAX_TAGS:
        raise ValueError(f"{filename!r} expands to more than {MAX_TAGS} tags")


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"it has {len(text)} characters, more than {MAX_LENGTH}")


def display_name(filename: Filename) -> str:
    """The project's name as the file name spells it: what stands before the version."""
    if filename.endswith(".whl"):
        return filename.split("-", 1)[0]
    return filename.rsplit("-", 1)[0]


def usual_spelling(project: ProjectName) -> str:
    """Return the spelling of a project in file names of current build tools.

    https://packaging.python.org/en/latest/specifications/binary-distribution-format/#escaping-and-unicode
    """
    return project.replace("-", "_")
