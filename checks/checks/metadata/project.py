"""Comparison of core metadata with the file name and the policy, for wheels and sdists."""

from collections.abc import Callable

from packaging.utils import canonicalize_name

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.metadata.core_metadata import LICENSE_FILES_SINCE, CoreMetadata
from checks.metadata.header_fields import create_refusal
from checks.policy import Policy
from checks.refusal import Reason, Refused, quote

MAX_REQUIREMENTS = 2000
"""Maximum number of Requires-Dist. The record of the project has them for each file."""
MAX_REQUIREMENTS_SIZE = 64 * 1024
"""Maximum size of all Requires-Dist together, in bytes of UTF-8."""


def check_project(
    facts: CoreMetadata, name: ParsedName, policy: Policy, findings: Findings, reason: Reason
) -> None:
    """Refuse metadata of another release, too many requirements and direct URLs.

    Turn objections into warnings. A file that was promoted before keeps its place in the index:
    `read_core_metadata` does not apply these rules.
    """
    _expect_release(facts, name, reason)
    _expect_few_requirements(facts, reason)
    for objection in facts.objections:
        findings.warn(reason, f"core metadata: {objection}")
    if facts.direct_urls and not policy.allow_direct_urls:
        raise Refused(
            Reason.DIRECT_URL,
            f"Requires-Dist {facts.direct_urls[0]}: direct URLs are not allowed"
            " (ALLOW_DIRECT_URLS). Upload that dependency here, and require its version.",
        )


def check_license_files(
    facts: CoreMetadata,
    place: str,
    has_file: Callable[[str], bool],
    findings: Findings,
    reason: Reason,
) -> None:
    """Require the files of License-File from 2.4 on (PEP 639); warn in older versions.

    :param place: the directory to which the paths are relative.
    """
    for path in facts.license_files:
        if has_file(path):
            continue
        kind = "sdist" if reason is Reason.SDIST_METADATA else "wheel"
        sentence = (
            f"License-File {quote(path)} is not in {place}."
            f" Add the file to the {kind}, or remove the field."
        )
        if facts.metadata_version >= LICENSE_FILES_SINCE:
            raise Refused(reason, sentence)
        findings.warn(reason, sentence)


def _expect_release(facts: CoreMetadata, name: ParsedName, reason: Reason) -> None:
    if canonicalize_name(facts.name) != name.project:
        fault = f"Name {facts.name} is not the file name's project, {name.project}"
    elif facts.version != name.version:
        fault = f"Version {facts.version} is not the file name's version, {name.version}"
    else:
        return
    raise Refused(reason, f"{fault}. Build the file again instead of renaming it.")


def _expect_few_requirements(facts: CoreMetadata, reason: Reason) -> None:
    size = sum(len(requirement.encode()) for requirement in facts.requires_dist)
    for found, limit, unit in (
        (len(facts.requires_dist), MAX_REQUIREMENTS, "requirements"),
        (size, MAX_REQUIREMENTS_SIZE, "bytes of requirements"),
    ):
        if found > limit:
            raise create_refusal(
                reason,
                f"Requires-Dist: {found} {unit}; the limit is {limit}. Require fewer projects, or"
                " split the project",
            )
