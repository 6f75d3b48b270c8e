"""Core metadata held against the file name and the policy, for wheels and sdists alike."""

from packaging.utils import canonicalize_name

from checks.filenames import ParsedName
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata
from checks.policy import Policy
from checks.refusal import Reason, Refused


def check_project(
    facts: CoreMetadata, name: ParsedName, policy: Policy, findings: Findings, reason: Reason
) -> None:
    """Refuse another project's or version's metadata, and direct URLs; pass on objections."""
    if canonicalize_name(facts.name) != name.project:
        raise Refused(reason, f"Name {facts.name} is not the file name's, {name.project}")
    if facts.version != name.version:
        raise Refused(reason, f"Version {facts.version} is not the file name's, {name.version}")
    for objection in facts.objections:
        findings.warn(reason, f"core metadata: {objection}")
    if facts.direct_urls and not policy.allow_direct_urls:
        raise Refused(
            Reason.DIRECT_URL,
            f"Requires-Dist {facts.direct_urls[0]}: a URL instead of a version (ALLOW_DIRECT_URLS)",
        )
