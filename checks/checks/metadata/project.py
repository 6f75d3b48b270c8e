"""Comparison of core metadata with the file name and the policy, for wheels and sdists."""

from packaging.utils import canonicalize_name

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata
from checks.policy import Policy
from checks.refusal import Reason, Refused


def check_project(
    facts: CoreMetadata, name: ParsedName, policy: Policy, findings: Findings, reason: Reason
) -> None:
    """Refuse metadata of another release and direct URLs; turn objections into warnings."""
    if canonicalize_name(facts.name) != name.project:
        raise Refused(
            reason,
            f"Name {facts.name} is not the file name's project, {name.project}."
            " Build the file again instead of renaming it.",
        )
    if facts.version != name.version:
        raise Refused(
            reason,
            f"Version {facts.version} is not the file name's version, {name.version}."
            " Build the file again instead of renaming it.",
        )
    for objection in facts.objections:
        findings.warn(reason, f"core metadata: {objection}")
    if facts.direct_urls and not policy.allow_direct_urls:
        raise Refused(
            Reason.DIRECT_URL,
            f"Requires-Dist {facts.direct_urls[0]}: direct URLs are not allowed"
            " (ALLOW_DIRECT_URLS). Upload that dependency here, and require its version.",
        )
