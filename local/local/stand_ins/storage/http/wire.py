"""Requests and responses as values: the protocol is a function from one to the other."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from local.stand_ins.storage import errors
from local.stand_ins.storage.contents import ContentPart
from local.stand_ins.storage.objects import Resource


@dataclass(frozen=True, slots=True)
class Request:
    """Request to the fake.

    :param path: segments of the raw path, each unquoted: %2F is not a separator.
    :param headers: headers by name in lower case.
    :param keep_alive: whether the connection stays open after the response.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    keep_alive: bool = True

    def json(self) -> Resource:
        """Parse the body; a missing body is an empty object.

        :raises StorageError: 400, if it is not a JSON object.
        """
        return read_json(self.body) if self.body else {}

    def number(self, parameter: str) -> int | None:
        """Return the value of a numeric parameter.

        :raises StorageError: 400, if it is not a number.
        """
        value = self.query.get(parameter)
        if value is None:
            return None
        if not value.isdecimal():
            raise errors.invalid(f"Invalid value for {parameter}: {value!r}", parameter)
        return int(value)

    def flag(self, parameter: str) -> bool:
        """Return whether a parameter is ``true``."""
        return self.query.get(parameter, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class WireResponse:
    """Response of the fake.

    :param length: value of ``Content-Length`` for HEAD and ``media``; None takes the length of
        ``body``.
    :param media: the body in place of ``body``.
    """

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    media: ContentPart | None = None

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return self.media.end - self.media.start if self.media else len(self.body)

    def iterate_pieces(self, limit: int | None = None) -> Iterator[bytes]:
        """Yield the body in pieces.

        :param limit: largest number of bytes of all pieces.
        """
        if self.media:
            yield from self.media.iterate_pieces(limit)
        else:
            yield self.body[:limit]


_encode = json.JSONEncoder(separators=(",", ":")).encode


def read_json(data: bytes) -> Resource:
    """Parse a JSON object.

    :raises StorageError: 400, if it is not one.
    """
    try:
        value = json.loads(data)
    except ValueError:
        raise errors.invalid("Parse Error") from None
    if not isinstance(value, dict):
        raise errors.invalid("Parse Error")
    return value


def json_response(value: object, status: int = 200) -> WireResponse:
    """Return a response with JSON."""
    body = _encode(value).encode()
    return WireResponse(status, body, {"content-type": "application/json; charset=UTF-8"})


def json_error(error: errors.StorageError) -> WireResponse:
    """Return the error of the JSON API."""
    headers = {"content-type": "application/json; charset=UTF-8"}
    return WireResponse(error.status, b"" if error.status == 304 else error.json(), headers)


def xml_error(error: errors.StorageError) -> WireResponse:
    """Return the error of the XML API."""
    headers = {"content-type": "application/xml; charset=UTF-8"}
    return WireResponse(error.status, b"" if error.status == 304 else error.xml(), headers)


def text_error(error: errors.StorageError) -> WireResponse:
    """Return the error of the JSON API for a media request: the message without JSON."""
    headers = {"content-type": "text/html; charset=UTF-8"}
    return WireResponse(
        error.status, b"" if error.status == 304 else error.message.encode(), headers
    )


_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the slice of a ``Range`` header (RFC 9110, 14.2).

    None means the whole object, as for a malformed or multiple range.

    :raises StorageError: 416, if the range is outside the object.
    """
    match = _RANGE.match(header or "")
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size or start == end:
        raise errors.range_not_satisfiable()
    return start, end


_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)$")


@dataclass(frozen=True, slots=True)
class ContentRange:
    """Range of a piece of a resumable upload; ``start`` None queries the number of stored bytes."""

    start: int | None
    end: int
    total: int | None

    @classmethod
    def from_header(cls, header: str | None, length: int) -> "ContentRange":
        """Parse the header; without a header, the body is the whole object.

        :raises StorageError: 400, if it is malformed or does not match the length of the body.
        """
        if header is None:
            return cls(0, length, length)
        match = _CONTENT_RANGE.match(header)
        if match is None:
            raise errors.invalid(f"Failed to parse Content-Range header: {header}")
        total = None if match[3] == "*" else int(match[3])
        if match[1] is None:
            return cls(None, 0, total)
        start, end = int(match[1]), int(match[2]) + 1
        if end - start != length or (total is not None and end > total):
            raise errors.invalid(f"Content-Range {header} does not fit {length} bytes")
        return cls(start, end, total)


def parse_related(content_type: str, body: bytes) -> tuple[Resource, str | None, bytes]:
    """Return resource, media type and media of a multipart upload (RFC 2387).

    Lines end in CRLF, or all in LF, as in gcloud's uploads.

    :raises StorageError: 400, if there are not two parts.
    """
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    delimiter = b"--" + match[1].strip("'").encode() if match else b""
    opening = body.find(delimiter) if match else -1
    start = opening + len(delimiter)
    end = b"\r\n" if body[start : start + 2] == b"\r\n" else b"\n"
    between = body.find(end + delimiter + end, start)
    closing = body.rfind(end + delimiter + b"--")
    if opening < 0 or between < 0 or closing < between:
        raise errors.invalid("Multipart must contain two parts")
    _, description = _split_part(body[start + len(end) : between], end)
    start = between + len(end + delimiter + end)
    media_headers, media = _split_part(body[start:closing], end)
    return read_json(description), media_headers.get("content-type"), media


def _split_part(part: bytes, end: bytes) -> tuple[dict[str, str], bytes]:
    head, _, content = part.partition(end + end)
    lines = (line.partition(":") for line in head.decode("latin-1").splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in lines}, content
