"""What a file name says, and whether that name may be uploaded."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from checks.findings import Findings
from checks.policy import Policy
from checks.refusal import Reason, Refused
from checks.stdlib_names import STDLIB_NAMES
from schemas.names import (
    MAX_TAGS,
    InvalidFilename,
    ProjectName,
    checked_filename,
    count_tags,
    usual_spelling,
)

SDIST_SUFFIX = ".tar.gz"
MAX_FILENAME_LENGTH = 255
"""No common file system keeps a longer one."""

_PLAIN = re.compile(r"[\x21-\x7e]+")
_INSTALLABLE = re.compile(
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|(macosx|manylinux|musllinux|ios|android|pyodide|pyemscripten)_?[0-9].*"
)
"""Platform tags that installers look for on an index: PEP 513 to 600, 656, 730, 738, 776, 783."""


@dataclass(frozen=True)
class ParsedName:
    """A file name and what it says; `warnings` are about the name alone."""

    filename: str
    kind: Literal["wheel", "sdist"]
    project: NormalizedName
    version: Version
    build: BuildTag = ()
    tags: frozenset[Tag] = frozenset()
    warnings: tuple[str, ...] = ()

    def is_said_by(self, directory: str) -> bool:
        """Whether `{name}-{version}`, each escaped with `_` for `-`, names this release."""
        project, _, version = directory.rpartition("-")
        try:
            said = (canonicalize_name(project), Version(version.replace("_", "-")))
        except InvalidVersion:
            return False
        return said == (self.project, self.version)


def check_name(filename: str, policy: Policy, publisher: str | None) -> ParsedName:
    """Judge what is known before a byte is read; refuses, or answers with the parsed name."""
    name = parse_name(filename, policy)
    _expect_granted(name.project, policy, publisher)
    _expect_allowed(name.project, policy)
    if policy.strict_platform_tags:
        _expect_installable(name.tags)
    return name


def parse_name(filename: str, policy: Policy) -> ParsedName:
    """Parse the name of a wheel or an sdist; refuses what is neither."""
    if filename.endswith(SDIST_SUFFIX):
        return _parse_sdist_name(filename)
    return _parse_wheel_name(filename, Findings(strict=policy.strict))


def _parse_wheel_name(filename: str, findings: Findings) -> ParsedName:
    _expect_plain(filename, Reason.BAD_FILENAME)
    stem = filename.removesuffix(".whl")
    if count_tags(filename) > MAX_TAGS:
        raise Refused(Reason.BAD_FILENAME, f"{filename}: expands to more than {MAX_TAGS} tags")
    try:
        project, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise Refused(Reason.BAD_FILENAME, str(error)) from error
    _expect_name(project, filename, Reason.BAD_FILENAME)
    wanted = f"{usual_spelling(ProjectName(project))}-{version}"
    if not stem.startswith(f"{wanted}-"):
        findings.warn(
            Reason.BAD_FILENAME, f"{filename}: the normalised form would start with {wanted}"
        )
    return ParsedName(filename, "wheel", project, version, build, tags, findings.sentences)


def _parse_sdist_name(filename: str) -> ParsedName:
    _expect_plain(filename, Reason.SDIST_FILENAME)
    try:
        project, version = parse_sdist_filename(filename)
    except InvalidSdistFilename as error:
        raise Refused(Reason.SDIST_FILENAME, str(error)) from error
    _expect_name(project, filename, Reason.SDIST_FILENAME)
    wanted = f"{usual_spelling(ProjectName(project))}-{version}{SDIST_SUFFIX}"
    if filename != wanted:
        raise Refused(Reason.SDIST_FILENAME, f"{filename}: by PEP 625 it has to be {wanted}")
    return ParsedName(filename, "sdist", project, version)


def _expect_plain(filename: str, reason: Reason) -> None:
    if len(filename) > MAX_FILENAME_LENGTH:
        raise Refused(reason, f"the file name has more than {MAX_FILENAME_LENGTH} characters")
    if not _PLAIN.fullmatch(filename) or "/" in filename or "\\" in filename:
        raise Refused(
            reason,
            f"{filename!a}: a file name is printable ASCII without separators",
        )
    try:
        checked_filename(filename)
    except InvalidFilename as error:
        raise Refused(reason, f"{error}: letters, digits and -_.+! only") from error


def _expect_name(project: NormalizedName, filename: str, reason: Reason) -> None:
    """Parsing leaves `_acme` to be `-acme`, which is no project name (core metadata, Name)."""
    try:
        canonicalize_name(project, validate=True)
    except ValueError as error:
        raise Refused(reason, f"{filename}: {error}") from error


def _expect_granted(project: str, policy: Policy, publisher: str | None) -> None:
    if policy.publishers is None:
        return
    if not _matches(project, policy.publishers.get(publisher or "", ())):
        raise Refused(
            Reason.NOT_ALLOWED,
            f"publisher {publisher!a} may not publish {project} (PUBLISHERS)",
        )


def _expect_allowed(project: str, policy: Policy) -> None:
    if not _matches(project, policy.allowed_projects):
        raise Refused(
            Reason.RESERVED_NAME,
            f"{project} is not among the projects of this index (ALLOWED_PROJECTS)",
        )
    if policy.block_stdlib_names and project in STDLIB_NAMES:
        raise Refused(
            Reason.RESERVED_NAME,
            f"{project} is a module of the standard library (BLOCK_STDLIB_NAMES)",
        )


def _expect_installable(tags: frozenset[Tag]) -> None:
    for platform in sorted({tag.platform for tag in tags}):
        if not _INSTALLABLE.fullmatch(platform):
            raise Refused(
                Reason.BAD_TAG,
                f"no installer takes {platform} wheels from an index: repair the wheel"
                " (auditwheel, delocate) so that its tag says where it runs",
            )


def _matches(project: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(project, canonicalize_name(glob)) for glob in globs)
