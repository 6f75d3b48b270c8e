"""Handler of ``POST /legacy/``: authorise, receive, wait, answer."""

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.responses import Response

from checks.policy import Policy
from checks.refusal import Reason, Refused, quote
from schemas.holders import Holder
from schemas.names import ProjectName, validate_filename
from upload.http.errors import BadForm, MissingLength
from upload.http.problems import create_text
from upload.http.request_body import FORM_OVERHEAD
from upload.http.upload_requests import UploadRequest
from upload.legacy.claims import verify_name_claims
from upload.legacy.form_fields import FormFields
from upload.legacy.form_stream import FormStream, PartData, PartEvent, PartStart, parse_boundary
from upload.legacy.reception import (
    FileReception,
    FileSource,
    Reception,
    RepeatedFile,
    Storage,
    start_reception,
)
from upload.publication_wait import PageWait, PublicationState, PublicationWait
from upload.publishing_rights import require_file, require_uploader

_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)
_IGNORED_FILES = frozenset({"gpg_signature", "attestations"})
"""File parts that are read as text fields, and not stored."""


@dataclass(frozen=True, slots=True)
class LegacyUploads:
    """Uploads by form."""

    storage: Storage
    publication: PublicationWait
    policy: Policy
    index_url: str
    timeout: float
    """Seconds from the last byte to the answer."""
    places: asyncio.Semaphore
    """Limit of the files that are received at the same time."""
    now: Callable[[], datetime]

    async def receive_form(self, request: UploadRequest, holder: Holder) -> Response:
        """Receive the file of a form, and answer when installers find it.

        :raises RequestRefused: if the form is invalid.
        :raises Refused: if the holder may not publish the file, or the file is not accepted.
        :raises CloudError: if the file could not be stored.
        """
        uploader = request.facts.uploader = require_uploader(holder)
        boundary = parse_boundary(request.headers.get("content-type", ""))
        length = read_length(request, self.policy.max_file_size)
        form = FormReception(self, request, holder, uploader, length)
        async with self.places:
            received = await form.receive(FormStream(request.content, boundary))
        return await self._answer(received, form.ended_at)

    async def _answer(self, received: Reception, ended_at: float) -> Response:
        name = received.name
        page = PageWait(ProjectName(name.project), validate_filename(name.filename))
        left = ended_at + self.timeout - asyncio.get_running_loop().time()
        state = await self.publication.wait(received.stored, page, left)
        text = self._describe(received, state)
        return create_text(200, "\n".join((text, *(f"warning: {w}" for w in received.warnings))))

    def _describe(self, received: Reception, state: PublicationState) -> str:
        file, project, stored = received.name.filename, received.name.project, received.stored
        if state is PublicationState.LISTED:
            kind = "accepted" if stored else "unchanged"
            return f"{kind}: {file} is installable from {self.index_url}{project}/"
        if stored is None:
            return (
                f"unchanged: {file} was published before with the same bytes, but it is not on the"
                f" page of {project}: it was removed, or it is not there yet"
            )
        where = self.publication.locate_verdict(stored)
        if state is PublicationState.ACCEPTED:
            return f"accepted: {file} is not on the page of {project} yet. The verdict is {where}"
        return f"stored: {file} is not on the page of {project} yet. The verdict will be {where}"


@dataclass(slots=True)
class FormReception:
    """Reception of one form."""

    uploads: LegacyUploads
    request: UploadRequest
    holder: Holder
    uploader: str
    length: int
    """Size of the body, in bytes."""
    ended_at: float = 0.0
    """Time of the last byte by the clock of the event loop, in seconds."""
    _file: FileReception | RepeatedFile | None = None
    _is_in_file: bool = False
    _fields: FormFields = field(init=False)

    def __post_init__(self) -> None:
        self._fields = FormFields(self.request.facts.warnings)

    async def receive(self, form: FormStream) -> Reception:
        """Read the whole form, and complete its file.

        After an error, an interruption or a disconnection there is no object.
        """
        try:
            async for event in form:
                await self._handle(form, event)
            self.ended_at = asyncio.get_running_loop().time()
            if self._file is None:
                raise BadForm("the form has no file in the field content: name a file to upload")
            return await self._file.complete(self._fields.read_claims())
        finally:
            if self._file is not None:
                await self._file.aclose()

    async def _handle(self, form: FormStream, event: PartEvent) -> None:
        if isinstance(event, PartStart):
            await self._start_part(form, event)
        elif isinstance(event, PartData):
            if self._is_in_file and self._file is not None:
                await self._file.add(event.data)
            else:
                self._fields.add_data(event.data)

    async def _start_part(self, form: FormStream, part: PartStart) -> None:
        self._is_in_file = part.name == "content"
        if self._is_in_file:
            await self._start_file(form, part)
        elif part.filename is None or part.name in _IGNORED_FILES:
            self._fields.start_field(part.name)
        else:
            raise BadForm(
                f"the form has a file in the field {quote(part.name)}: send one file, as content"
            )

    async def _start_file(self, form: FormStream, part: PartStart) -> None:
        """Authorise the file before its first byte."""
        if self._file is not None:
            raise BadForm("the form has two files: send one request per file")
        if part.filename is None:
            raise BadForm("the field content has no file name")
        uploads, facts, claims = self.uploads, self.request.facts, self._fields.read_claims()
        facts.file = part.filename[:255]
        name = require_file(self.holder, part.filename, uploads.policy)
        facts.project = name.project
        verify_name_claims(claims, name)
        run = f"{uploads.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(6)}"
        largest = form.estimate_size(part, self.length)
        source = FileSource(name, self.uploader, self.holder.name, run, claims, largest)
        self._file = await start_reception(uploads.storage, uploads.policy, source)


def read_length(request: UploadRequest, max_file_size: int) -> int:
    """Return the size of the body, in bytes.

    The checks need a bound for the size of the file before its first byte.

    :raises MissingLength: if the request does not state it.
    :raises Refused: if it is larger than a form with the largest file.
    """
    length = request.headers.get("content-length", "")
    if not _LENGTH.fullmatch(length):
        raise MissingLength("the request has no Content-Length: send the form in one piece")
    if int(length) > max_file_size + FORM_OVERHEAD:
        raise Refused(
            Reason.TOO_LARGE,
            f"the form has {length} bytes, more than a file of {max_file_size} bytes"
            " (MAX_FILE_SIZE) and its fields. Leave data out of it, or have the limit raised.",
        )
    return int(length)
