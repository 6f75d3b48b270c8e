"""Validation of a source distribution (`.tar.gz`, PEP 625 and 643): the archive, then PKG-INFO."""

from checks.archive.budget import Budget
from checks.archive.member_names import quote_name
from checks.archive.source import Source
from checks.filenames import SDIST_SUFFIX, ParsedName
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata, read_core_metadata
from checks.metadata.project import check_project
from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused
from checks.tar.gunzip import gunzip
from checks.tar.tar_reader import read_tar

RELIABLE_SINCE = (2, 2)
"""First metadata version in which PKG-INFO marks its static fields (PEP 643)."""
MAX_PKG_INFO_SIZE = 1 * MIB


def read_sdist(
    source: Source, name: ParsedName, policy: Policy, size: int | None, findings: Findings
) -> tuple[None, CoreMetadata]:
    """Validate a whole sdist; return the facts in PKG-INFO, without METADATA to serve."""
    directory = _Directory(name)
    budget = Budget(policy, Reason.SDIST_BOMB, size)
    read_tar(Source(gunzip(source, budget)), budget, directory)
    budget.check_total()
    if directory.pkg_info is None:
        raise Refused(
            Reason.SDIST_METADATA,
            f"there is no PKG-INFO in {directory.expected}/. Build with a current back end.",
        )
    facts = read_core_metadata(bytes(directory.pkg_info), Reason.SDIST_METADATA)
    if facts.metadata_version < RELIABLE_SINCE:
        version = ".".join(map(str, facts.metadata_version))
        raise Refused(
            Reason.SDIST_METADATA,
            f"PKG-INFO has Metadata-Version {version}; the oldest accepted version is 2.2"
            " (PEP 643). Build with a current back end.",
        )
    check_project(facts, name, policy, findings, Reason.SDIST_METADATA)
    return None, facts


class _Directory:
    """Visitor that requires one top-level directory, and keeps the PKG-INFO in it."""

    def __init__(self, name: ParsedName) -> None:
        self._name = name
        self._directory: str | None = None
        self.expected = name.filename.removesuffix(SDIST_SUFFIX)
        self.pkg_info: bytearray | None = None

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return the buffer for PKG-INFO, and None for other members."""
        top, slash, rest = name.partition("/")
        if not slash or top != (self._directory or top) or not self._name.has_directory(top):
            raise Refused(
                Reason.SDIST_STRUCTURE,
                f"{quote_name(name)}: all members have to be in one directory,"
                f" {self.expected}/. Build with a current back end.",
            )
        self._directory = top
        if rest != "PKG-INFO":
            return None
        if size > MAX_PKG_INFO_SIZE:
            raise Refused(
                Reason.SDIST_BOMB,
                f"PKG-INFO has {size} bytes; the limit is {MAX_PKG_INFO_SIZE}."
                " Shorten the description of the project.",
            )
        self.pkg_info = bytearray()
        return self.pkg_info
