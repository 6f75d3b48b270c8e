"""Validation of a wheel (binary distribution format, PEP 427): the archive, then `.dist-info`."""

from checks.archive.budget import Budget
from checks.archive.source import Source
from checks.filenames import ParsedName
from checks.findings import Findings
from checks.installation.installed_wheel import InstalledWheel
from checks.installation.script_names import check_script_names
from checks.metadata.core_metadata import LICENSE_FILES_SINCE, CoreMetadata, read_core_metadata
from checks.metadata.dist_info import DistInfo
from checks.metadata.entry_points import check_entry_points
from checks.metadata.project import check_license_files, check_project
from checks.metadata.record import check_record
from checks.metadata.wheel_file import check_wheel_file
from checks.policy import Policy
from checks.refusal import Reason
from checks.zip.members import Members
from checks.zip.zip_reader import read_zip


def read_wheel(
    source: Source, name: ParsedName, policy: Policy, size: int | None, findings: Findings
) -> tuple[bytes, CoreMetadata]:
    """Validate a whole wheel; return its exact METADATA and the facts in it."""
    dist_info = DistInfo(name)
    installed = InstalledWheel(name, policy, dist_info)
    members = read_zip(source, Budget(policy, Reason.ZIP_BOMB, size), installed)
    directory = dist_info.get_directory()
    installed.check(members, directory, findings)
    check_wheel_file(bytes(dist_info.take_file("WHEEL", Reason.BAD_WHEEL)), name, findings)
    metadata = bytes(dist_info.take_file("METADATA", Reason.BAD_METADATA))
    facts = read_core_metadata(metadata)
    _check_license_files(facts, members, directory, findings)
    check_project(facts, name, policy, findings, Reason.BAD_METADATA)
    check_record(dist_info.take_file("RECORD", Reason.BAD_RECORD), members, directory)
    scripts = check_entry_points(bytes(dist_info.files.get("entry_points.txt", b"")))
    check_script_names(map(bytes.decode, members.iterate_names()), scripts, name, findings)
    return metadata, facts


def _check_license_files(
    facts: CoreMetadata, members: Members, directory: str, findings: Findings
) -> None:
    """Look for licence files in `licenses/`, and before 2.4 also in `.dist-info` itself."""
    required = facts.metadata_version >= LICENSE_FILES_SINCE
    places = ("licenses/",) if required else ("licenses/", "")

    def has_file(path: str) -> bool:
        return any(f"{directory}/{place}{path}".encode() in members for place in places)

    place = f"{directory}/licenses/"
    check_license_files(facts, place, has_file, findings, Reason.BAD_METADATA)
