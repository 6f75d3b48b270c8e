"""Parsing of file names, and the rules for names of uploaded files."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from packaging.tags import Tag
from packaging.utils import (
    BuildTag,
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from checks.filename_faults import explain_characters, explain_filename, explain_sdist_name
from checks.findings import Findings
from checks.policy import Policy
from checks.refusal import Reason, Refused
from checks.stdlib_names import STDLIB_NAMES
from schemas.layout import IMPORT, OPERATORS
from schemas.names import (
    MAX_TAGS,
    InvalidFilename,
    ProjectName,
    count_tags,
    escape_project,
    parse_filename,
    validate_filename,
)

SDIST_SUFFIX = ".tar.gz"
MAX_FILENAME_LENGTH = 255
"""Maximum length of a file name, in characters. No common file system stores a longer one."""

_KEEP_NAME = "Upload the file under the name that the build back end gave it."
_PLAIN = re.compile(r"[\x21-\x7e]+")
_COMPATIBLE = re.compile(
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|(macosx|manylinux|musllinux|ios|android|pyodide|pyemscripten)_?[0-9].*"
)
"""Platform tags with a stated compatibility (PEP 513 to 600, 656, 730, 738, 776, 783).

They are those of the public index. It also accepts the Linux of the Raspberry Pi.
"""


@dataclass(frozen=True)
class ParsedName:
    """File name and its parts; `warnings` are only about the name."""

    filename: str
    kind: Literal["wheel", "sdist"]
    project: NormalizedName
    version: Version
    build: BuildTag = ()
    tags: frozenset[Tag] = frozenset()
    warnings: tuple[str, ...] = ()

    def has_directory(self, directory: str) -> bool:
        """Return whether `directory` is `{name}-{version}` of this release, `_` for each `-`."""
        return is_split(directory, self.project, self.version)


def is_split(stem: str, project: str, version: Version) -> bool:
    """Return whether one of the hyphens in `stem` separates this project and this version."""
    for hyphen in re.finditer("-", stem):
        if canonicalize_name(stem[: hyphen.start()]) == project:
            try:
                found = Version(stem[hyphen.end() :].replace("_", "-"))
            except InvalidVersion:
                continue
            if found == version:
                return True
    return False


def check_name(filename: str, policy: Policy, uploader: str | None) -> ParsedName:
    """Check the file name against the policy; return its parts.

    :raises Refused: if the name is not valid, or the uploader may not use it.
    """
    name = parse_name(filename, policy)
    _expect_granted(name.project, policy, uploader)
    _expect_allowed(name.project, policy)
    if policy.strict_platform_tags:
        _expect_compatibility(name.tags)
    return name


def parse_name(filename: str, policy: Policy) -> ParsedName:
    """Parse the name of a wheel or an sdist.

    :raises Refused: if it is neither.
    """
    if filename.endswith(SDIST_SUFFIX):
        return _parse_sdist_name(filename, Findings(strict=policy.strict))
    return _parse_wheel_name(filename, Findings(strict=policy.strict))


def _parse_wheel_name(filename: str, findings: Findings) -> ParsedName:
    _expect_plain(filename, Reason.BAD_FILENAME)
    if count_tags(filename) > MAX_TAGS:
        fault = f"the tag set expands to more than {MAX_TAGS} tags"
        raise Refused(Reason.BAD_FILENAME, f"{filename}: {fault}. Use fewer tags.")
    try:
        project, version, build, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise Refused(Reason.BAD_FILENAME, explain_filename(filename)) from error
    _expect_name(project, filename, Reason.BAD_FILENAME)
    wanted = f"{escape_project(ProjectName(project))}-{version}"
    if not filename.removesuffix(".whl").startswith(f"{wanted}-"):
        fault = f"the normalised form would start with {wanted}"
        remedy = "Build the wheel with a current back end."
        findings.warn(Reason.BAD_FILENAME, f"{filename}: {fault}. {remedy}")
    return ParsedName(filename, "wheel", project, version, build, tags, findings.warnings)


def _parse_sdist_name(filename: str, findings: Findings) -> ParsedName:
    _expect_plain(filename, Reason.SDIST_FILENAME)
    try:
        project, version = parse_filename(filename)
    except InvalidFilename as error:
        raise Refused(Reason.SDIST_FILENAME, explain_sdist_name(filename)) from error
    wanted = f"{escape_project(project)}-{version}{SDIST_SUFFIX}"
    if filename != wanted:
        _expect_no_runs(filename, project, wanted)
        fault = f"the normalised form is {wanted} (PEP 625)"
        remedy = "Build the sdist with a current back end."
        findings.warn(Reason.SDIST_FILENAME, f"{filename}: {fault}. {remedy}")
    return ParsedName(
        filename,
        "sdist",
        canonicalize_name(project),
        Version(version),
        warnings=findings.warnings,
    )


def _expect_no_runs(filename: str, project: ProjectName, wanted: str) -> None:
    """Refuse runs such as `__`: uv expects a project as long as its normalised name."""
    if not filename[len(project) :].startswith("-"):
        raise Refused(
            Reason.SDIST_FILENAME,
            f"{filename}: uv does not find an sdist with several -_. in a row in its project."
            f" Build it as {wanted} (PEP 625).",
        )


def _expect_plain(filename: str, reason: Reason) -> None:
    if len(filename) > MAX_FILENAME_LENGTH:
        fault = f"the file name has {len(filename)} characters; the limit is {MAX_FILENAME_LENGTH}"
        raise Refused(reason, f"{fault}. Use a shorter one.")
    if not _PLAIN.fullmatch(filename) or "/" in filename or "\\" in filename:
        fault = "a file name has only printable ASCII characters, and neither / nor \\"
        raise Refused(reason, f"{filename!a}: {fault}. {_KEEP_NAME}")
    try:
        validate_filename(filename)
    except InvalidFilename as error:
        raise Refused(reason, explain_characters(filename)) from error


def _expect_name(project: NormalizedName, filename: str, reason: Reason) -> None:
    """Refuse invalid project names (core metadata, Name): `acme_` is normalised to `acme-`."""
    try:
        canonicalize_name(project, validate=True)
    except ValueError as error:
        raise Refused(reason, explain_filename(filename)) from error


def _expect_granted(project: str, policy: Policy, uploader: str | None) -> None:
    if uploader == OPERATORS:
        raise Refused(
            Reason.NOT_ALLOWED,
            f"the prefix {OPERATORS}/ has commands only: upload files under that of an uploader",
        )
    if policy.uploaders is None or uploader == IMPORT:
        return
    if not is_match(project, policy.uploaders.get(uploader or "", ())):
        raise Refused(
            Reason.NOT_ALLOWED,
            f"uploader {uploader!a} may not upload files of {project} (UPLOADERS)."
            " Use the prefix of another uploader, or have the project granted.",
        )


def _expect_allowed(project: str, policy: Policy) -> None:
    if not is_match(project, policy.allowed_projects):
        raise Refused(
            Reason.RESERVED_NAME,
            f"{project} is not one of the projects of this index (ALLOWED_PROJECTS)."
            " Choose another name, or have it allowed.",
        )
    if policy.block_stdlib_names and project in STDLIB_NAMES:
        raise Refused(
            Reason.RESERVED_NAME,
            f"{project} is the name of a module of the standard library (BLOCK_STDLIB_NAMES)."
            " Choose another name.",
        )


def _expect_compatibility(tags: frozenset[Tag]) -> None:
    for platform in sorted({tag.platform for tag in tags}):
        if _COMPATIBLE.fullmatch(platform):
            continue
        if platform.startswith("linux_"):
            fault = f"{platform} does not state which C library the wheel needs"
            remedy = "Repair the wheel with auditwheel, which writes a manylinux or musllinux tag."
        else:
            fault = f"{platform} is not a platform tag with a stated compatibility"
            remedy = "Build for a platform such as win_amd64, macosx_11_0_arm64 or any."
        raise Refused(Reason.BAD_TAG, f"{fault} (STRICT_PLATFORM_TAGS). {remedy}")


def is_match(project: str, globs: tuple[str, ...]) -> bool:
    """Return whether a normalised project name matches one of the globs."""
    return any(fnmatchcase(project, canonicalize_name(glob)) for glob in globs)
