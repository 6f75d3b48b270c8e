"""A wheel (binary distribution format, PEP 427): one walk over its archive, then its papers."""

from ingest.checks.budget import Budget
from ingest.checks.coremetadata import LICENSE_FILES_SINCE, CoreMetadata, read_core_metadata
from ingest.checks.distinfo import DistInfo
from ingest.checks.entrypoints import check_entry_points
from ingest.checks.findings import Findings
from ingest.checks.members import Members
from ingest.checks.names import ParsedName
from ingest.checks.projectmetadata import check_project
from ingest.checks.record import check_record
from ingest.checks.source import Source
from ingest.checks.wheelfile import check_wheel_file
from ingest.checks.zipwalk import walk
from ingest.policy import Policy
from ingest.refusal import Reason, Refused, quoted


def read_wheel(
    source: Source, name: ParsedName, policy: Policy, size: int | None, findings: Findings
) -> tuple[bytes, CoreMetadata]:
    """Judge a whole wheel; answers with its exact METADATA and what that says."""
    dist_info = DistInfo(name)
    members = walk(source, Budget(policy, Reason.ZIP_BOMB, size), dist_info)
    directory = dist_info.required()
    check_wheel_file(bytes(dist_info.take("WHEEL", Reason.BAD_WHEEL)), name, findings)
    metadata = bytes(dist_info.take("METADATA", Reason.BAD_METADATA))
    facts = read_core_metadata(metadata)
    _check_license_files(facts, members, directory, findings)
    check_project(facts, name, policy, findings, Reason.BAD_METADATA)
    check_record(dist_info.take("RECORD", Reason.BAD_RECORD), members, directory)
    check_entry_points(bytes(dist_info.files.get("entry_points.txt", b"")))
    return metadata, facts


def _check_license_files(
    facts: CoreMetadata, members: Members, directory: str, findings: Findings
) -> None:
    """From 2.4 on licence files are below `licenses/` (PEP 639); before, back ends chose."""
    binding = facts.metadata_version >= LICENSE_FILES_SINCE
    places = ("licenses/",) if binding else ("licenses/", "")
    for path in facts.license_files:
        if any(f"{directory}/{place}{path}".encode() in members for place in places):
            continue
        sentence = f"License-File {quoted(path)} is not in {directory}/licenses/"
        if binding:
            raise Refused(Reason.BAD_METADATA, sentence)
        findings.warn(Reason.BAD_METADATA, sentence)
