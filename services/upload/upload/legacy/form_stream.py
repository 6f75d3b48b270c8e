"""Stream of the parts of a form, ``multipart/form-data`` (RFC 7578), with bounded memory."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from upload.http.errors import BadForm

_MOST_PARTS = 4096
"""Maximum number of parts of a form."""
_CLOSING = 8
"""Bytes of the closing delimiter in addition to the boundary: CR LF ``--``, and ``--`` CR LF."""


@dataclass(frozen=True, slots=True)
class PartStart:
    """Begin of a part."""

    name: str
    """Name of the form field."""
    filename: str | None
    """Name of the file; None for a text field."""
    offset: int
    """Position of the content of the part in the body."""


@dataclass(frozen=True, slots=True)
class PartData:
    """Piece of the content of the current part."""

    data: bytes


PartEvent = PartStart | PartData


@dataclass(slots=True)
class _PartHead:
    """Header fields of a part while they arrive."""

    name: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    disposition: bytes = b""

    def end_field(self) -> None:
        if self.name.lower() == b"content-disposition":
            self.disposition = bytes(self.value)
        self.name.clear()
        self.value.clear()


def parse_boundary(content_type: str) -> bytes:
    """Return the boundary in the field ``Content-Type``.

    :raises BadForm: if the body is no form, or the boundary is missing.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise BadForm(
            "the body is not multipart/form-data: publish with a tool such as uv or twine"
        )
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= 70:
        raise BadForm("Content-Type needs a boundary of 1 to 70 characters (RFC 2046)")
    return boundary


class FormStream:
    """Events of the parts of a form, in order.

    :raises BadForm: if the form is malformed, or ends before its closing boundary.
    """

    def __init__(self, body: AsyncIterable[bytes], boundary: bytes) -> None:
        self._body, self._boundary = body, boundary
        self._events: list[PartEvent] = []
        self._head = _PartHead()
        self._consumed = 0
        """Bytes of the earlier chunks."""
        self._parts = 0
        self._started: tuple[str, str | None] | None = None
        """Name and file name of a part whose content has not begun."""
        self._is_ended = False

    def estimate_size(self, start: PartStart, length: int) -> int:
        """Return the size of a part, in bytes, if it is the last one, as ``content`` usually is.

        With further parts, it is an upper bound.

        :param length: the size of the body.
        """
        return max(0, length - start.offset - len(self._boundary) - _CLOSING)

    async def __aiter__(self) -> AsyncIterator[PartEvent]:
        """Yield the events as the bytes arrive."""
        parser = self._create_parser()
        async for chunk in self._body:
            try:
                parser.write(chunk)
            except FormParserError as error:
                raise BadForm(f"the form is malformed: {error}") from None
            self._consumed += len(chunk)
            events, self._events = self._events, []
            for event in events:
                yield event
        if not self._is_ended:
            raise BadForm("the form ends before its closing boundary: upload the file again")

    def _create_parser(self) -> MultipartParser:
        head = self._head

        def add_name(data: bytes, start: int, end: int) -> None:
            head.name.extend(data[start:end])

        def add_value(data: bytes, start: int, end: int) -> None:
            head.value.extend(data[start:end])

        def add_data(data: bytes, start: int, end: int) -> None:
            self._start_content(start)
            self._events.append(PartData(data[start:end]))

        return MultipartParser(
            self._boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": add_name,
                "on_header_value": add_value,
                "on_header_end": head.end_field,
                "on_headers_finished": self._end_head,
                "on_part_data": add_data,
                "on_part_end": lambda: self._start_content(0),
                "on_end": self._end,
            },
        )

    def _begin_part(self) -> None:
        self._parts += 1
        self._head.disposition = b""
        if self._parts > _MOST_PARTS:
            raise BadForm(f"the form has more than {_MOST_PARTS} parts")

    def _end_head(self) -> None:
        kind, options = parse_options_header(self._head.disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BadForm('a part of the form has no "Content-Disposition: form-data" with a name')
        filename = options.get(b"filename")
        decoded = None if filename is None else _decode(filename)
        self._started = _decode(options[b"name"]), decoded

    def _start_content(self, position: int) -> None:
        """Announce the current part, at the position of its first byte in the chunk, or its end."""
        if self._started is not None:
            name, filename = self._started
            self._events.append(PartStart(name, filename, self._consumed + position))
            self._started = None

    def _end(self) -> None:
        self._is_ended = True


def _decode(value: bytes) -> str:
    return value.decode("utf-8", "replace")
