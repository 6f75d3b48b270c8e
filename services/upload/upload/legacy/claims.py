"""Claims of a form against the file: the metadata of the file counts, not that of the form."""

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from checks.distribution import ParsedName
from checks.refusal import Reason, Refused, quote
from upload.legacy.form_fields import FormClaims

CLAIM_MISMATCH = "claim-mismatch"
"""Reason code of a form that contradicts its file."""
_KINDS = {"bdist_wheel": "wheel", "sdist": "sdist"}


def verify_name_claims(claims: FormClaims, name: ParsedName) -> None:
    """Compare name, version and file type with the name of the file.

    The checks compare the name of the file with its metadata. A missing claim is no contradiction.

    :raises Refused: if one differs.
    """
    if claims.name and canonicalize_name(claims.name) != name.project:
        raise _mismatch("name", claims.name, f"of the project {name.project}")
    if claims.version and not _is_same_version(claims.version, name.version):
        raise _mismatch("version", claims.version, f"of version {name.version}")
    if claims.filetype and _KINDS.get(claims.filetype) != name.kind:
        wanted = "bdist_wheel" if name.kind == "wheel" else "sdist"
        raise _mismatch("filetype", claims.filetype, f"a {name.kind} ({wanted})")


def verify_digest_claim(claims: FormClaims, sha256: str) -> None:
    """Compare the digest in the form with that of the received bytes.

    :raises Refused: if they differ.
    """
    if claims.sha256 and claims.sha256 != sha256:
        raise Refused(
            Reason.DIGEST_MISMATCH,
            f"the form has sha256 {quote(claims.sha256)}, the file that arrived has {sha256}:"
            " upload it again",
        )


def verify_published_digest(filename: str, published: str | None, sha256: str) -> None:
    """Compare the digest of a file with that of the published file of the same name.

    :raises Refused: if they differ.
    """
    if published != sha256:
        raise Refused(
            Reason.EXISTS,
            f"{filename} already exists with other bytes (sha256 {published}), and the bytes of a"
            " file never change: publish a new version or build number",
        )


def _is_same_version(claimed: str, version: Version) -> bool:
    try:
        return Version(claimed) == version
    except InvalidVersion:
        return False


def _mismatch(field: str, claimed: str, found: str) -> Refused:
    return Refused(
        CLAIM_MISMATCH,
        f"the form has {field}={quote(claimed)}, but the file is {found}: build the file again, and"
        " upload it under its name",
    )
