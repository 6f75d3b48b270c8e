"""Sdists of old build tools: PKG-INFO before 2.2, and file names before PEP 625."""

import re

from packaging.utils import canonicalize_name

from checks.filenames import SDIST_SUFFIX, ParsedName, is_split
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata, read_core_metadata
from checks.metadata.header_fields import extract_fields
from checks.refusal import Reason, Refused
from schemas.names import ProjectName, escape_project

RELIABLE_SINCE = (2, 2)
"""First metadata version in which PKG-INFO marks its static fields (PEP 643)."""

_METADATA_VERSION = re.compile(rb"^metadata-version[ \t]*:", re.IGNORECASE | re.MULTILINE)
_OLDEST = b"Metadata-Version: 1.0\n"


def parse_pkg_info(data: bytes, findings: Findings) -> CoreMetadata:
    """Read PKG-INFO of any metadata version; warn before 2.2.

    :raises Refused: if a field that installers use is not valid.
    """
    fields = extract_fields(data, Reason.SDIST_METADATA)
    if _METADATA_VERSION.search(fields):
        facts = read_core_metadata(data, Reason.SDIST_METADATA)
        written = f"has Metadata-Version {'.'.join(map(str, facts.metadata_version))}"
    else:
        head = fields.rstrip(b"\r\n") + b"\n"
        data = head + _OLDEST + b"\n" + data[len(fields) :]
        facts = read_core_metadata(data, Reason.SDIST_METADATA)
        written = "has no Metadata-Version and is read as 1.0"
    if facts.metadata_version < RELIABLE_SINCE:
        findings.warn(
            Reason.SDIST_METADATA,
            f"PKG-INFO {written}; before 2.2 its fields may change in the build (PEP 643)."
            " Build with a current back end.",
        )
    return facts


def expect_same_split(facts: CoreMetadata, name: ParsedName) -> None:
    """Refuse PKG-INFO of another release that the same file name could also mean.

    `a-1-2.tar.gz` is release 2 of `a-1` everywhere in the index: page, download, token scopes.

    :raises Refused: if PKG-INFO names release 1-2 of `a`.
    """
    project = canonicalize_name(facts.name)
    if (project, facts.version) == (name.project, name.version):
        return
    if is_split(name.filename.removesuffix(SDIST_SUFFIX), project, facts.version):
        wanted = f"{escape_project(ProjectName(project))}-{facts.version}{SDIST_SUFFIX}"
        raise Refused(
            Reason.SDIST_FILENAME,
            f"{name.filename} is ambiguous: PKG-INFO has project {project} and version"
            f" {facts.version}, but the file name is read as {name.project} and {name.version}."
            f" Build it as {wanted} (PEP 625).",
        )
