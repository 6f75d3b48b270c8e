"""Validation of an uploaded file by its name and bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from checks.archive.source import HashedStream, Source
from checks.extraction import extract_metadata
from checks.filenames import ParsedName, check_name, parse_name
from checks.findings import Findings
from checks.legacy_sdists import parse_pkg_info
from checks.metadata.core_metadata import CoreMetadata, read_core_metadata
from checks.policy import Policy
from checks.refusal import Reason
from checks.sdist import read_sdist
from checks.wheel import read_wheel

__all__ = [
    "CoreMetadata",
    "HashedStream",
    "ParsedName",
    "VerifiedFile",
    "check_name",
    "extract_metadata",
    "parse_name",
    "read_core_metadata",
    "read_stored_metadata",
    "verify",
]


@dataclass(frozen=True)
class VerifiedFile:
    """Facts of a file that passed every check."""

    filename: str
    project: str
    """Normalised name (PEP 503)."""
    version: str
    """Normalised version (PEP 440)."""
    kind: Literal["wheel", "sdist"]
    sha256: str
    size: int
    """Size of the file in bytes."""
    metadata: bytes
    """Exact METADATA of a wheel, or PKG-INFO of an sdist; never empty."""
    core: CoreMetadata
    """Facts in ``metadata``."""
    warnings: tuple[str, ...]
    """Faults that do not affect installers; each begins with its reason code."""
    startup_code: tuple[str, ...] = ()
    """Members with startup code, also if the policy accepts it: the first eight, shortened."""


def verify(
    name: ParsedName | str,
    chunks: Iterable[bytes] | HashedStream,
    policy: Policy,
    size: int | None = None,
) -> VerifiedFile:
    """Read the file once, from first to last byte, and validate it.

    The memory in use does not depend on the size of the file: one chunk is held at a time. With
    `size`, an archive bomb is refused exactly at the header that makes it one (see `Budget`).

    :raises Refused: if the file is not valid.
    """
    parsed = parse_name(name, policy) if isinstance(name, str) else name
    if not isinstance(chunks, HashedStream):
        chunks = HashedStream(chunks, policy.max_file_size)
    findings = Findings(strict=policy.strict)
    read = read_wheel if parsed.kind == "wheel" else read_sdist
    metadata, facts = read(Source(chunks), parsed, policy, size, findings)
    return _collect_facts(parsed, chunks, metadata, facts, findings)


def read_stored_metadata(data: bytes, *, is_wheel: bool) -> CoreMetadata:
    """Read METADATA of a wheel or PKG-INFO of an sdist that passed the checks.

    PKG-INFO of an old sdist can lack ``Metadata-Version``.

    :raises Refused: if a field that installers use is not valid.
    """
    if is_wheel:
        return read_core_metadata(data, Reason.BAD_METADATA)
    return parse_pkg_info(data, Findings(strict=False))


def _collect_facts(
    name: ParsedName,
    hashed: HashedStream,
    metadata: bytes,
    facts: CoreMetadata,
    findings: Findings,
) -> VerifiedFile:
    return VerifiedFile(
        filename=name.filename,
        project=name.project,
        version=str(name.version),
        kind=name.kind,
        sha256=hashed.sha256,
        size=hashed.size,
        metadata=metadata,
        core=facts,
        warnings=name.warnings + findings.warnings,
        startup_code=findings.startup_code,
    )
