"""State of a reserved file: its objects in the buckets, the verdict, and the project's page."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from checks.refusal import Refused
from cloud.errors import PermissionDenied, Unavailable
from cloud.ports import Bucket, ObjectInfo
from schemas import layout
from schemas.verdict_documents import Verdict
from upload.direct.reservation import Reservation
from upload.legacy.claims import verify_published_digest
from upload.publication_wait import PublicationWait, find_refusal

MAX_ATTEMPTS = 16
"""Maximum number of objects of one file, each refused before the next one is reserved."""


class _PageFile(BaseModel):
    filename: str
    hashes: dict[str, str] = {}


class _Page(BaseModel):
    """Project page of PEP 691, as far as it is needed here."""

    files: tuple[_PageFile, ...] = ()


@dataclass(frozen=True, slots=True)
class UploadedObject:
    """Object of a reservation in the incoming bucket, and its verdict."""

    info: ObjectInfo
    verdict: Verdict | None

    @property
    def refusal(self) -> Refused | None:
        """Refusal by ingest; None without a verdict, and for an accepted file."""
        return find_refusal(self.verdict) if self.verdict else None


@dataclass(frozen=True, slots=True)
class DirectFiles:
    """Reads of the buckets. Each method blocks.

    The service may get, but not list, the objects of the incoming bucket. So "forbidden" means
    "absent" there.
    """

    incoming: Bucket
    packages: Bucket
    publication: PublicationWait

    def is_listed(self, reservation: Reservation) -> bool:
        """Return whether the project's page lists the file, so that it is installable.

        :raises Refused: if the page lists other bytes with this name.
        """
        page = self.publication.static.read(layout.locate_project_json(reservation.project))
        if page is None or f'"{reservation.filename}"'.encode() not in page.data:
            return False  # without parsing a large page
        try:
            files = _Page.model_validate_json(page.data).files
        except ValidationError as error:
            raise Unavailable(f"page of {reservation.project}", "it is not readable") from error
        found = [each.hashes for each in files if each.filename == reservation.filename]
        if found:
            listed = found[0].get("sha256")
            verify_published_digest(reservation.filename, listed, reservation.sha256)
        return bool(found)

    def require_free_name(self, reservation: Reservation) -> None:
        """Check that no other bytes have the name of the file, listed or not.

        :raises Refused: if there are other bytes.
        """
        info = self.packages.stat(reservation.filename)
        if info:
            stored = info.metadata.get(layout.SHA256)
            verify_published_digest(reservation.filename, stored, reservation.sha256)

    def find_vacant_name(self, reservation: Reservation) -> str | None:
        """Return the name of an object to create; None if the upload is there already.

        :raises Refused: if :data:`MAX_ATTEMPTS` objects of this file are refused.
        """
        number = 0
        for uploaded in self._list_objects(reservation):
            if uploaded.refusal is None:
                return None
            number += 1
            if number == MAX_ATTEMPTS:
                raise uploaded.refusal
        return reservation.locate(number)

    def find_newest(self, reservation: Reservation) -> UploadedObject | None:
        """Return the newest object of the reservation, or None."""
        return next(iter(reversed([*self._list_objects(reservation)])), None)

    def _list_objects(self, reservation: Reservation) -> Iterator[UploadedObject]:
        """Yield the objects of the reservation, the oldest first. Only the last is not refused."""
        for attempt in range(MAX_ATTEMPTS):
            info = self._find_incoming(reservation.locate(attempt))
            if info is None:
                return
            uploaded = UploadedObject(info, self.publication.read_verdict(info))
            yield uploaded
            if uploaded.refusal is None:
                return

    def _find_incoming(self, name: str) -> ObjectInfo | None:
        try:
            return self.incoming.stat(name)
        except PermissionDenied:
            return None
