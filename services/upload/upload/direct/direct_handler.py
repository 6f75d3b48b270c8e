"""Handlers of direct publication: reserve an object, and wait for its verdict.

The bytes do not pass through this service, so ingest checks them.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from checks.policy import Policy
from cloud.ports import ObjectInfo
from cloud.signing import create_put_headers
from schemas.headers import BINARY
from schemas.holders import Holder
from schemas.names import validate_filename
from upload.direct.direct_files import DirectFiles
from upload.direct.metadata_form import read_metadata_form
from upload.direct.reservation import Reservation, create_reservation
from upload.http.errors import MissingUpload
from upload.http.problems import COMMON, Problem, create_text
from upload.http.routes import RouteFactory
from upload.http.upload_endpoints import DRAIN_LIMIT
from upload.http.upload_requests import UploadRequest
from upload.publication_wait import PageWait, PublicationState
from upload.publishing_rights import require_uploader

URL_VALIDITY = 3600
"""Seconds in which the client can start the PUT, or repeat it."""


class PutSigner(Protocol):
    """Signer of URLs for PUT."""

    async def sign_put(self, name: str, headers: Mapping[str, str]) -> str:
        """Return the URL for PUT of an object with these header fields.

        :raises Unavailable: if IAM does not sign it.
        """
        ...


@dataclass(frozen=True, slots=True)
class DirectPublication:
    """Handlers of the routes.

    :param timeout: seconds to wait for the verdict and the page.
    """

    files: DirectFiles
    signer: PutSigner
    policy: Policy
    timeout: float

    async def reserve(self, request: UploadRequest, holder: Holder) -> Response:
        """Answer 200 if the file is published, or 201 with the URL for its bytes.

        uv shows the body of a failed reservation as it is, so a refusal is always a sentence.
        """
        try:
            return await self._reserve(await self._read_reservation(request, holder))
        except Exception as error:
            problem = Problem.from_error(error)
            if not problem.is_refusal:
                raise
            request.facts.reason = problem.reason
            await request.content.drain(DRAIN_LIMIT)
            return problem.create_response(as_document=False)

    async def finalize(self, request: UploadRequest, holder: Holder) -> Response:
        """Answer when the file is installable or refused, or after the time-out."""
        reservation = await self._read_reservation(request, holder)
        stored = await asyncio.to_thread(self._find_stored, reservation)
        if stored is None:
            return create_text(200, f"{reservation.filename} is published")
        publication = self.files.publication
        page = PageWait(reservation.project, validate_filename(reservation.filename))
        state = await publication.wait(stored, page, self.timeout)
        if state is PublicationState.LISTED:
            return create_text(200, f"{reservation.filename} is published")
        is_accepted = state is PublicationState.ACCEPTED
        result = "accepted and not listed" if is_accepted else "received and not checked"
        where = publication.locate_verdict(stored)
        return create_text(200, f"{reservation.filename} is {result} yet. The verdict: {where}")

    async def _read_reservation(self, request: UploadRequest, holder: Holder) -> Reservation:
        request.facts.uploader = require_uploader(holder)
        claims = await read_metadata_form(request)
        request.facts.file = claims.filename[:255]
        reservation = create_reservation(claims, holder, self.policy)
        request.facts.project = reservation.project
        return reservation

    async def _reserve(self, reservation: Reservation) -> Response:
        if await asyncio.to_thread(self.files.is_listed, reservation):
            return create_text(200, f"{reservation.filename} is already published")
        await asyncio.to_thread(self.files.require_free_name, reservation)
        name = await asyncio.to_thread(self.files.find_vacant_name, reservation)
        if name is None:
            return _create_reserved(None, {})
        headers = create_put_headers(BINARY, self.policy.max_file_size, reservation.metadata)
        url = await self.signer.sign_put(name, headers)
        # uv sends this Content-Type itself, and would send a second one.
        rest = {field: value for field, value in headers.items() if field != "content-type"}
        return _create_reserved(url, rest)

    def _find_stored(self, reservation: Reservation) -> ObjectInfo | None:
        """Return the object of the reservation; None if the page lists the file. It blocks.

        :raises Refused: if ingest has refused the object, or if the page lists other bytes.
        :raises MissingUpload: if there is no object.
        """
        if self.files.is_listed(reservation):
            return None
        uploaded = self.files.find_newest(reservation)
        if uploaded is None:
            raise MissingUpload(
                f"no bytes of {reservation.filename} have arrived: repeat the same command"
            )
        if uploaded.refusal is not None:
            raise uploaded.refusal
        return uploaded.info


def _create_reserved(url: str | None, headers: Mapping[str, str]) -> Response:
    content = {"upload_url": url, "upload_headers": dict(headers)}
    return JSONResponse(content, 201, COMMON)


def create_routes(routes: RouteFactory, publication: DirectPublication) -> list[Route]:
    """Return the routes.

    uv appends a segment to the publish URL, and keeps the slash at the end of the URL.
    """
    handlers = {"reserve": publication.reserve, "finalize": publication.finalize}
    return [
        routes.create_for_holders(f"{folder}{name}", handler)
        for name, handler in handlers.items()
        for folder in ("/legacy/", "/legacy//")
    ]
