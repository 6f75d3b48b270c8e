"""Validation of core metadata (METADATA, PKG-INFO).

`packaging.metadata` parses and validates. Errors in fields that installers use refuse a file; other
errors are warnings.
"""

from dataclasses import dataclass

from packaging.metadata import Metadata, RawMetadata
from packaging.version import Version

from checks.metadata.field_values import collapse, list_keywords, truncate
from checks.metadata.header_fields import extract_fields, parse_fields
from checks.metadata.installer_fields import parse_metadata_version, validate_installer_fields
from checks.metadata.objections import check_form, list_objections
from checks.refusal import Reason

LICENSE_FILES_SINCE = (2, 4)
"""First metadata version that fixes the directory of License-File (PEP 639)."""


@dataclass(frozen=True)
class CoreMetadata:
    """Facts for ingest; strings are as written, with white space collapsed."""

    metadata_version: tuple[int, int]
    name: str
    version: Version
    requires_python: str | None
    requires_dist: tuple[str, ...]
    direct_urls: tuple[str, ...]
    """Members of `requires_dist` with a URL."""
    summary: str | None
    """First 512 bytes of the summary, or None."""
    keywords: tuple[str, ...]
    """Keywords between commas, without repetitions; at most 512 bytes in all."""
    license_files: tuple[str, ...]
    objections: tuple[str, ...]
    """Errors that do not affect installers."""


def read_core_metadata(data: bytes, reason: Reason = Reason.BAD_METADATA) -> CoreMetadata:
    """Read the bytes of a METADATA or PKG-INFO file.

    :raises Refused: with `reason`, if a field that installers use is not valid.
    """
    fields = extract_fields(data, reason)
    raw, unparsed = parse_fields(fields)
    metadata = validate_installer_fields(raw, unparsed, reason)
    version = parse_metadata_version(raw, reason)
    objections = check_form(data, fields, raw) + list_objections(raw, unparsed, version)
    return _collect_facts(raw, metadata, version, objections)


def _collect_facts(
    raw: RawMetadata, metadata: Metadata, version: tuple[int, int], objections: tuple[str, ...]
) -> CoreMetadata:
    written = tuple(collapse(value) for value in raw.get("requires_dist", ()))
    parsed = zip(written, metadata.requires_dist or (), strict=True)
    return CoreMetadata(
        metadata_version=version,
        name=metadata.name,
        version=metadata.version,
        requires_python=collapse(raw.get("requires_python", "")) or None,
        requires_dist=written,
        direct_urls=tuple(line for line, requirement in parsed if requirement.url is not None),
        summary=truncate(collapse(raw.get("summary", ""))) or None,
        keywords=list_keywords(raw.get("keywords", ())),
        license_files=tuple(raw.get("license_files", ())),
        objections=objections,
    )
