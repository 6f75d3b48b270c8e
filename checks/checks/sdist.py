"""A source distribution (`.tar.gz`, PEP 625 and 643): one walk over its archive, then PKG-INFO."""

from checks.archive.budget import Budget
from checks.archive.member_names import shown
from checks.archive.source import Source
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata, read_core_metadata
from checks.metadata.project import check_project
from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused
from checks.tar.gunzip import gunzipped
from checks.tar.walk import walk_tar

RELIABLE_SINCE = (2, 2)
"""The metadata version from which on PKG-INFO tells what is static (PEP 643)."""
MAX_PKG_INFO_SIZE = 1 * MIB


def read_sdist(
    source: Source, name: ParsedName, policy: Policy, size: int | None, findings: Findings
) -> tuple[None, CoreMetadata]:
    """Judge a whole sdist; answers with what PKG-INFO says, and no METADATA to be served."""
    directory = _Directory(name)
    budget = Budget(policy, Reason.SDIST_BOMB, size)
    walk_tar(Source(gunzipped(source, budget)), budget, directory)
    budget.settle()
    if directory.pkg_info is None:
        raise Refused(Reason.SDIST_METADATA, f"there is no PKG-INFO in {directory.name}/")
    facts = read_core_metadata(bytes(directory.pkg_info), Reason.SDIST_METADATA)
    if facts.metadata_version < RELIABLE_SINCE:
        version = ".".join(map(str, facts.metadata_version))
        raise Refused(
            Reason.SDIST_METADATA,
            f"PKG-INFO has Metadata-Version {version}: build with a back end that writes 2.2",
        )
    check_project(facts, name, policy, findings, Reason.SDIST_METADATA)
    return None, facts


class _Directory:
    """Watches a walk: there is one top-level directory, and PKG-INFO in it is kept."""

    def __init__(self, name: ParsedName) -> None:
        self._name = name
        self.name: str | None = None
        self.pkg_info: bytearray | None = None

    def admit(self, name: str, size: int) -> bytearray | None:
        """Where to keep that member, if it is PKG-INFO."""
        top, slash, rest = name.partition("/")
        if not slash or top != (self.name or top) or not self._name.is_said_by(top):
            raise Refused(
                Reason.SDIST_STRUCTURE,
                f"{shown(name)}: everything has to be in one directory,"
                f" {self._name.filename.removesuffix('.tar.gz')}/",
            )
        self.name = top
        if rest != "PKG-INFO":
            return None
        if size > MAX_PKG_INFO_SIZE:
            raise Refused(Reason.SDIST_BOMB, f"PKG-INFO has {size} bytes, not {MAX_PKG_INFO_SIZE}")
        self.pkg_info = bytearray()
        return self.pkg_info
