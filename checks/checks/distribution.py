"""The whole judgement over an uploaded file: a name and its bytes in, facts or a refusal out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from checks.archive.source import Hashed, Source
from checks.filenames import ParsedName, check_name, parse_name
from checks.findings import Findings
from checks.metadata.core_metadata import CoreMetadata, read_core_metadata
from checks.policy import Policy
from checks.sdist import read_sdist
from checks.wheel import read_wheel

__all__ = [
    "Hashed",
    "ParsedName",
    "Verified",
    "check_name",
    "parse_name",
    "read_core_metadata",
    "verify",
]


@dataclass(frozen=True)
class Verified:
    """What is known of a file that passed every check."""

    filename: str
    project: str
    """Normalised (PEP 503)."""
    version: str
    """Normalised (PEP 440)."""
    kind: Literal["wheel", "sdist"]
    sha256: str
    size: int
    """In bytes."""
    metadata: bytes | None
    """The exact METADATA of a wheel; None for an sdist."""
    requires_python: str | None
    requires_dist: tuple[str, ...]
    summary: str | None
    """At most 512 bytes of UTF-8."""
    warnings: tuple[str, ...]
    """Each starts with the code it belongs to."""


def verify(
    name: ParsedName | str,
    chunks: Iterable[bytes] | Hashed,
    policy: Policy,
    size: int | None = None,
) -> Verified:
    """Read the file once, from the first byte to the last, and judge it; raises `Refused`.

    Memory does not depend on the size of the file, nor on that of the chunks beyond one of them.
    `size`, where known, lets an archive be refused at the header that makes it a bomb, and only
    then (see `Budget`).
    """
    parsed = parse_name(name, policy) if isinstance(name, str) else name
    hashed = chunks if isinstance(chunks, Hashed) else Hashed(chunks, policy.max_file_size)
    findings = Findings(strict=policy.strict)
    read = read_wheel if parsed.kind == "wheel" else read_sdist
    metadata, facts = read(Source(hashed), parsed, policy, size, findings)
    return _verified(parsed, hashed, metadata, facts, parsed.warnings + findings.sentences)


def _verified(
    name: ParsedName,
    hashed: Hashed,
    metadata: bytes | None,
    facts: CoreMetadata,
    warnings: tuple[str, ...],
) -> Verified:
    return Verified(
        filename=name.filename,
        project=name.project,
        version=str(name.version),
        kind=name.kind,
        sha256=hashed.sha256,
        size=hashed.size,
        metadata=metadata,
        requires_python=facts.requires_python,
        requires_dist=facts.requires_dist,
        summary=facts.summary,
        warnings=warnings,
    )
