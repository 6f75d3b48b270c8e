"""Reservation of one object for one file, by the metadata form of a publishing tool."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from checks.policy import Policy
from schemas import layout
from schemas.holders import Holder
from schemas.names import ProjectName
from upload.http.errors import BadForm
from upload.legacy.claims import verify_name_claims
from upload.legacy.form_fields import FormClaims
from upload.publishing_rights import require_file, require_uploader

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reservation:
    """File that a holder publishes: its name, its digest and its uploader."""

    uploader: str
    holder: str
    """Name of the holder."""
    filename: str
    project: ProjectName
    sha256: str

    def locate(self, attempt: int) -> str:
        """Return the name of the object in the incoming bucket.

        It depends on uploader, file and digest only, so that a repeated reservation finds the
        object of an upload whose response was lost.

        :param attempt: number of refused objects of the same file.
        """
        run = f"direct-{self.sha256}" + (f"-{attempt}" if attempt else "")
        return layout.locate_upload(self.uploader, run, self.filename)

    @property
    def metadata(self) -> Mapping[str, str]:
        """Custom metadata of the object. Ingest compares the digest with the bytes."""
        return {layout.SHA256: self.sha256, layout.HOLDER: _escape(self.holder)}


def create_reservation(claims: FormClaims, holder: Holder, policy: Policy) -> Reservation:
    """Return the reservation for the file of a form.

    :param claims: fields of the form.
    :raises BadForm: if the form has no file name, or no SHA-256.
    :raises Refused: if the holder or its uploader may not publish the file, or if the form
        contradicts the name of the file.
    """
    if not claims.filename:
        raise BadForm("the form has no field filename: publish with uv publish --direct")
    if not _DIGEST.fullmatch(claims.sha256):
        raise BadForm("the form needs a field sha256_digest with 64 hexadecimal digits")
    parsed = require_file(holder, claims.filename, policy)
    project, uploader = ProjectName(parsed.project), require_uploader(holder)
    verify_name_claims(claims, parsed)
    return Reservation(uploader, holder.name, claims.filename, project, claims.sha256)


def _escape(name: str) -> str:
    """Return a name for a header field, which has only ASCII."""
    return name.encode("ascii", "backslashreplace").decode()
