"""Responses of Starlette with header fields that are encoded once."""

from collections.abc import AsyncIterable, Mapping
from contextlib import aclosing
from typing import Protocol

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from schemas.headers import NO_STORE, REVALIDATE

Fields = list[tuple[bytes, bytes]]
"""Encoded header fields as in ASGI, with lower-case names."""

COMMON: Mapping[str, str] = {"x-content-type-options": "nosniff"}
"""Header fields of every response."""

_MORE_BODY: Message = {"type": "http.response.body", "body": b"", "more_body": True}
_END_OF_BODY: Message = {"type": "http.response.body", "body": b""}


class PreparedResponse(Response):
    """Response with encoded header fields. It has no state and can be sent any number of times."""

    def __init__(self, status_code: int, fields: Fields, body: bytes = b"") -> None:
        self.status_code, self.raw_headers = status_code, fields
        self.body, self.background = body, None


class BodyResponse(StreamingResponse):
    """Streaming response with a body of known length.

    If the body ends early, the response stays incomplete, so the client detects the error.
    """

    def __init__(
        self, status_code: int, fields: Fields, body: AsyncIterable[bytes], length: int
    ) -> None:
        self.status_code, self.raw_headers = status_code, fields
        self.body_iterator, self.background = body, None
        self._length, self._has_client_left = length, False

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Return when the client has left.

        Starlette then cancels the stream. But while chunks arrive without a pause, the stream has
        no cancellation point of anyio. So it also checks ``_has_client_left``.
        """
        await super().listen_for_disconnect(receive)
        self._has_client_left = True

    async def stream_response(self, send: Send) -> None:
        """Send the body, and the status with its first chunk.

        The method keeps no reference to a chunk while the client receives the chunk.
        """
        sent, is_started = 0, False
        async for chunk in self.body_iterator:
            if self._has_client_left:
                return
            if not is_started:
                await send(self._start())
                is_started = True
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            sent += len(chunk)
            del chunk
            await send(_MORE_BODY)  # returns when the client has taken the chunk
        if sent == self._length:
            await send(_END_OF_BODY)

    def _start(self) -> Message:
        return {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }


class Closeable(Protocol):
    """Resource that needs closing."""

    async def aclose(self) -> None:
        """Close the resource."""
        ...


class ClosingResponse(Response):
    """Response that closes its download at the end, also after an error or a cancellation."""

    def __init__(self, response: Response, download: Closeable) -> None:
        self._response, self._download = response, download

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response and close the download."""
        async with aclosing(self._download):
            await self._response(scope, receive, send)


def encode_fields(fields: Mapping[str, str]) -> Fields:
    """Return header fields as in ASGI."""
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items()]


def create_text_response(
    status_code: int, sentence: str, fields: Mapping[str, str] | None = None
) -> Response:
    """Return a plain-text response. Caches must not store it unless ``fields`` allow this."""
    headers = {**COMMON, "cache-control": NO_STORE, **(fields or {})}
    return PlainTextResponse(f"{sentence}\n", status_code, headers)


def redirect_temporarily(location: str) -> Response:
    """Return a temporary redirect, for this request only (RFC 9110 §15.4.3)."""
    fields = {"location": location, "cache-control": "private, no-store"}
    return create_text_response(302, "Found at another URL.", fields)


def redirect_permanently(location: str, query: str) -> Response:
    """Return a permanent redirect inside the index, with the query if it is printable ASCII.

    :param location: a reference of :func:`proxy.http.locations.create_location`.
    """
    is_safe = query.isascii() and query.isprintable()
    target = f"{location}?{query}" if query and is_safe else location
    fields = {"location": target, "cache-control": REVALIDATE}
    return create_text_response(301, f"Moved to {location}.", fields)
