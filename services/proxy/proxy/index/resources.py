"""Resources and their responses: whole, partial or not modified.

The responses of a :class:`Resource` are prepared once, after the object is read. Then each request
takes one or two comparisons (RFC 9110 §13.2.2: If-None-Match, then If-Range with Range).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import Response

from proxy.http.ranges import Part, Unsatisfiable, matches_etag, select_part
from proxy.http.requests import IndexRequest
from proxy.http.responses import (
    COMMON,
    BodyResponse,
    Fields,
    PreparedResponse,
    create_text_response,
    encode_fields,
)
from proxy.index.downloads import LazyDownload
from schemas.types import Generation


@dataclass(frozen=True, slots=True)
class Resource:
    """One representation of a page or a file."""

    etag: str
    """A strong entity tag, quoted."""
    size: int
    """Bytes of the whole representation."""
    body: bytes | None = field(repr=False)
    """The whole body; None for a large file, which is downloaded for each request."""
    generation: Generation
    """The generation of the object in Cloud Storage."""
    whole: Response = field(repr=False)
    """Response to a plain GET; without a body if :attr:`body` is None."""
    head: Response = field(repr=False)
    """Response to a HEAD."""
    not_modified: Response = field(repr=False)
    """Response to a client with the current representation (RFC 9110 §15.4.5)."""
    gzipped: "Resource | None" = None
    """The same page in gzip; None for files, and for pages that gzip does not make smaller."""

    @property
    def cost(self) -> int:
        """Bytes of the bodies in memory."""
        own = 0 if self.body is None else len(self.body)
        return own if self.gzipped is None else own + self.gzipped.cost


def create_resource(
    body: bytes | None,
    size: int,
    generation: Generation,
    *,
    etag: str,
    media_type: str,
    cache_control: str,
    extra: Mapping[str, str],
    coding: str | None = None,
) -> Resource:
    """Prepare a resource and its responses.

    :param coding: the content coding of the body, if any.
    """
    shared = {**COMMON, "etag": etag, "cache-control": cache_control, **extra}
    body_fields = {
        "content-type": media_type,
        "accept-ranges": "bytes",
        "content-length": str(size),
    }
    coded = {"content-encoding": coding} if coding else {}
    fields = encode_fields({**shared, **body_fields, **coded})
    return Resource(
        etag=etag,
        size=size,
        body=body,
        generation=generation,
        whole=PreparedResponse(200, fields, body or b""),
        head=PreparedResponse(200, fields),
        not_modified=PreparedResponse(304, encode_fields(shared)),
    )


def respond(
    resource: Resource,
    request: IndexRequest,
    download: LazyDownload | None = None,
    max_length: int | None = None,
) -> Response:
    """Return the response to a GET or HEAD.

    :param download: the source of a body that is not in memory.
    :param max_length: the largest Content-Length of a downloaded body, in bytes. A longer body is
        sent without the field, if the client can do without.
    """
    known = request.fields.get("if-none-match")
    if known is not None and matches_etag(known, resource.etag):
        return resource.not_modified
    if request.method == "HEAD":
        return resource.head
    try:
        part = _find_part(resource, request)
    except Unsatisfiable:
        return _refuse_range(resource.size)
    if part is None and download is None:
        return resource.whole
    fields, start, stop = resource.whole.raw_headers, 0, resource.size
    if part is not None:
        fields, start, stop = _describe_part(resource, part), part.start, part.stop
    status = 200 if part is None else 206
    if download is None:
        return PreparedResponse(status, fields, (resource.body or b"")[start:stop])
    if max_length is not None and stop - start > max_length and not request.needs_length:
        fields = _drop_length(fields)
    return BodyResponse(status, fields, download.select(start, stop), stop - start)


def _find_part(resource: Resource, request: IndexRequest) -> Part | None:
    wanted = request.fields.get("range")
    if wanted is None:
        return None
    return select_part(resource.size, resource.etag, wanted, request.fields.get("if-range", ""))


def _describe_part(resource: Resource, part: Part) -> Fields:
    """Return the header fields of a partial response (RFC 9110 §15.3.7)."""
    own = {
        "content-range": f"bytes {part.start}-{part.stop - 1}/{resource.size}",
        "content-length": str(part.stop - part.start),
    }
    return [*_drop_length(resource.whole.raw_headers), *encode_fields(own)]


def _drop_length(fields: Fields) -> Fields:
    return [field for field in fields if field[0] != b"content-length"]


def _refuse_range(size: int) -> Response:
    fields = {"content-range": f"bytes */{size}", "accept-ranges": "bytes"}
    return create_text_response(416, f"Range not satisfiable: the size is {size} bytes.", fields)
