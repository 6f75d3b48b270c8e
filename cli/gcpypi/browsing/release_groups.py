"""ListedRelease: the files of a page, grouped by release."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.version import Version as ParsedVersion
from pypi_simple import DistributionPackage, ProjectPage
from rich.filesize import decimal

from gcpypi.connection.page_lookup import find_version
from schemas.types import format_time


@dataclass(frozen=True, slots=True)
class ListedRelease:
    """Release with its files on the page of a project."""

    version: str
    files: Sequence[DistributionPackage]

    @property
    def is_yanked(self) -> bool:
        """True if all files are yanked."""
        return all(file.is_yanked for file in self.files)

    @property
    def mark(self) -> str:
        """Yank of the release in words, with its reason; empty without one."""
        yanked = [file for file in self.files if file.is_yanked]
        if not yanked:
            return ""
        reason = next((file.yanked_reason for file in yanked if file.yanked_reason), "")
        count = "" if self.is_yanked else f" ({len(yanked)} of {len(self.files)} files)"
        return f"yanked{count}{f': {reason}' if reason else ''}"

    @property
    def size(self) -> str:
        """Sum of the sizes of the files, with its unit."""
        return decimal(sum(file.size or 0 for file in self.files))

    @property
    def uploaded(self) -> datetime | None:
        """Upload time of the first file."""
        return min((file.upload_time for file in self.files if file.upload_time), default=None)

    def describe(self) -> Mapping[str, object]:
        """Return the release as an object of JSON."""
        return {
            "version": self.version,
            "yanked": self.is_yanked,
            "files": [describe_file(file) for file in self.files],
        }


def group_releases(page: ProjectPage) -> list[ListedRelease]:
    """Return the releases of a page, the newest first. Files of unknown names are left out."""
    groups = defaultdict[str, list[DistributionPackage]](list)
    for file in page.packages:
        if version := find_version(file):
            groups[version].append(file)
    ordered = sorted(groups, key=ParsedVersion, reverse=True)
    return [ListedRelease(version, groups[version]) for version in ordered]


def find_latest(releases: Sequence[ListedRelease]) -> ListedRelease | None:
    """Return the release that installers choose: a final one before others, no yanked one."""
    offered = [each for each in releases if not each.is_yanked] or releases
    finals = [each for each in offered if not ParsedVersion(each.version).is_prerelease]
    return next(iter(finals or offered), None)


def describe_file(file: DistributionPackage) -> Mapping[str, object]:
    """Return a file of a page as an object of JSON."""
    return {
        "filename": file.filename,
        "size": file.size,
        "uploaded": format_time(file.upload_time) if file.upload_time else None,
        "sha256": file.digests.get("sha256"),
        "requires_python": file.requires_python,
        "yanked": file.is_yanked,
        "yanked_reason": file.yanked_reason or None,
    }


def describe_project(page: ProjectPage) -> Mapping[str, object]:
    """Return name and status of a project as an object of JSON."""
    return {
        "project": page.project,
        "status": page.status.value if page.status else "active",
        "status_reason": page.status_reason,
    }


def format_status(page: ProjectPage) -> str:
    """Return the status of a project with its reason, for a line of text."""
    status = page.status.value if page.status else "active"
    return f"{status}: {page.status_reason}" if page.status_reason else status


def format_minute(moment: datetime | None) -> str:
    """Return a time in UTC to the minute; a hyphen without one."""
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "-"
