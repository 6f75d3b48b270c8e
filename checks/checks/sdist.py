"""Validation of a source distribution (`.tar.gz`, PEP 625 and 643): the archive, then PKG-INFO."""

from hashlib import blake2b

from checks.archive.budget import Budget
from checks.archive.member_names import quote_name
from checks.archive.source import Source
from checks.filenames import SDIST_SUFFIX, ParsedName
from checks.findings import Findings
from checks.legacy_sdists import expect_same_split, parse_pkg_info
from checks.metadata.core_metadata import CoreMetadata
from checks.metadata.project import check_license_files, check_project
from checks.policy import MIB, Policy
from checks.refusal import Reason, Refused
from checks.tar.gunzip import gunzip
from checks.tar.tar_reader import read_tar

MAX_PKG_INFO_SIZE = 1 * MIB


def read_sdist(
    source: Source, name: ParsedName, policy: Policy, size: int | None, findings: Findings
) -> tuple[bytes, CoreMetadata]:
    """Validate a whole sdist; return its exact PKG-INFO and the facts in it."""
    directory = _read_archive(source, name, Budget(policy, Reason.SDIST_BOMB, size))
    pkg_info = directory.get_pkg_info()
    facts = parse_pkg_info(pkg_info, findings)
    expect_same_split(facts, name)
    place = directory.get_root()
    check_license_files(facts, place, directory.has_file, findings, Reason.SDIST_METADATA)
    check_project(facts, name, policy, findings, Reason.SDIST_METADATA)
    return pkg_info, facts


def read_pkg_info(source: Source, name: ParsedName, budget: Budget) -> bytes:
    """Validate the archive; return its exact PKG-INFO."""
    return _read_archive(source, name, budget).get_pkg_info()


def _read_archive(source: Source, name: ParsedName, budget: Budget) -> "_Directory":
    directory = _Directory(name)
    read_tar(Source(gunzip(source, budget)), budget, directory)
    budget.check_total()
    return directory


class _Directory:
    """Visitor that requires one top-level directory, and keeps the PKG-INFO in it.

    It remembers a digest of each file name, because PKG-INFO names licence files before or after
    these files. A digest takes less memory than a name.
    """

    def __init__(self, name: ParsedName) -> None:
        self._name = name
        self._directory: str | None = None
        self._expected = name.filename.removesuffix(SDIST_SUFFIX)
        self._pkg_info: bytearray | None = None
        self._files: set[bytes] = set()

    def visit(self, name: str, size: int) -> bytearray | None:
        """Return the buffer for PKG-INFO, and None for other members."""
        top, slash, rest = name.partition("/")
        if not slash or top != (self._directory or top) or not self._name.has_directory(top):
            raise Refused(
                Reason.SDIST_STRUCTURE,
                f"{quote_name(name)}: all members have to be in one directory,"
                f" {self._expected}/. Build with a current back end.",
            )
        self._directory = top
        if not rest.endswith("/"):
            self._files.add(_hash(rest))
        return self._keep_pkg_info(size) if rest == "PKG-INFO" else None

    def get_pkg_info(self) -> bytes:
        """Return the content of PKG-INFO, after the last member; refuse its absence."""
        if self._pkg_info is None:
            raise Refused(
                Reason.SDIST_METADATA,
                f"there is no PKG-INFO in {self._expected}/. Build with a current back end.",
            )
        return bytes(self._pkg_info)

    def get_root(self) -> str:
        """Return the one top-level directory, with a slash."""
        return f"{self._directory or self._expected}/"

    def has_file(self, path: str) -> bool:
        """Return whether a file has this path, relative to the top-level directory."""
        return _hash(path) in self._files

    def _keep_pkg_info(self, size: int) -> bytearray:
        if size > MAX_PKG_INFO_SIZE:
            raise Refused(
                Reason.SDIST_BOMB,
                f"PKG-INFO has {size} bytes; the limit is {MAX_PKG_INFO_SIZE}."
                " Shorten the description of the project.",
            )
        self._pkg_info = bytearray()
        return self._pkg_info


def _hash(path: str) -> bytes:
    return blake2b(path.encode("utf-8", "surrogateescape"), digest_size=16).digest()
