"""Metadata form of a publishing tool, without the file."""

from upload.http.errors import BadForm
from upload.http.request_body import FORM_OVERHEAD
from upload.http.upload_requests import UploadRequest
from upload.legacy.form_fields import FormClaims, FormFields
from upload.legacy.form_stream import FormStream, PartData, PartStart, parse_boundary


async def read_metadata_form(request: UploadRequest) -> FormClaims:
    """Return the claims of a form about its file.

    :raises BadForm: if the body is no such form, is too large, or has a file.
    """
    boundary = parse_boundary(request.headers.get("content-type", ""))
    fields = FormFields(request.facts.warnings)
    async for event in FormStream(request.content, boundary):
        if request.content.received > FORM_OVERHEAD:
            raise BadForm(f"the form is larger than {FORM_OVERHEAD} bytes")
        if isinstance(event, PartStart):
            if event.filename is not None or event.name == "content":
                raise BadForm("the form has a file: send its bytes to upload_url instead")
            fields.start_field(event.name)
        elif isinstance(event, PartData):
            fields.add_data(event.data)
    return fields.read_claims()
