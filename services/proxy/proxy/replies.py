"""What is answered: a representation, whole or in part or not at all, by HTTP's own rules.

A :class:`Resource` is prepared once, when it is read; a request then costs a comparison or two
(RFC 9110 §13.2.2: If-None-Match, then If-Range with Range).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cloud.ports import Download
from proxy.ranges import Part, Unsatisfiable, is_known, part_of
from schemas.types import Generation

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as ASGI has them: lower-case names."""


class Stream(Protocol):
    """Bytes that are still to be read: iterated once, and closed."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield chunk after chunk."""
        ...

    async def aclose(self) -> None:
        """Read no further."""
        ...


Opener = Callable[[int, int], Stream]
"""Reads the bytes from one position to another (exclusive)."""

COMMON: Fields = ((b"x-content-type-options", b"nosniff"),)
"""In every answer."""


class Reply(NamedTuple):
    """A status, header fields, and a body of ``length`` bytes that is there or still to be read."""

    status: int
    fields: Fields
    body: bytes | Stream = b""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """One representation of what an address names."""

    etag: str
    """A strong entity tag, quoted."""
    size: int
    fields: Fields
    """The fields of a whole answer."""
    kept: Fields
    """Those of a 304 (RFC 9110 §15.4.5)."""
    body: bytes | Opener = field(repr=False)
    generation: Generation
    """The generation of the object it was read from."""
    whole: Reply | None = field(default=None, repr=False)
    """The answer to a plain GET, where its bytes are here."""
    under_way: Download | None = field(default=None, repr=False)
    """Of this request alone: the answer that told all this, whose bytes are still to come."""

    def cost(self) -> int:
        """Bytes of memory that its body takes."""
        return len(self.body) if isinstance(self.body, bytes) else 0

    def opened(self, start: int, stop: int) -> bytes | Stream:
        """The bytes ``start`` to ``stop`` (exclusive), or what will read them."""
        if isinstance(self.body, bytes):
            return self.body[start:stop]
        known = self.under_way
        if known is not None and (known.start, known.stop) == (start, stop):
            return known
        return self.body(start, stop)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where what an address names is to be had, this time."""

    location: str


def resource(
    body: bytes | Opener,
    size: int,
    generation: Generation,
    *,
    etag: str,
    media_type: str,
    cache_control: str,
    extra: Mapping[str, str],
) -> Resource:
    """Prepare a representation and the header fields of its answers."""
    kept = {"etag": etag, "cache-control": cache_control, **extra}
    whole = {"content-type": media_type, "accept-ranges": "bytes", "content-length": str(size)}
    fields = (*COMMON, *encoded(kept), *encoded(whole))
    return Resource(
        etag=etag,
        size=size,
        fields=fields,
        kept=(*COMMON, *encoded(kept)),
        body=body,
        generation=generation,
        whole=Reply(200, fields, body, size) if isinstance(body, bytes) else None,
    )


def encoded(fields: Mapping[str, str]) -> Fields:
    """Header fields as ASGI has them."""
    return tuple((name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items())


def respond(
    found: Resource, method: str, headers: Mapping[str, str], max_length: int | None = None
) -> Reply:
    """Answer a GET or HEAD of ``found``.

    :param max_length: the Content-Length above which a streamed answer goes without.
    """
    known = headers.get("if-none-match")
    if known is not None and is_known(known, found.etag):
        return Reply(304, found.kept)
    if method == "HEAD":
        return Reply(200, found.fields)
    wanted = headers.get("range")
    if wanted is None:
        return _whole(found, max_length)
    try:
        part = part_of(found.size, found.etag, wanted, headers.get("if-range", ""))
    except Unsatisfiable:
        return _unsatisfiable(found)
    return _partial(found, part, max_length) if part else _whole(found, max_length)


def _whole(found: Resource, max_length: int | None) -> Reply:
    if found.whole is not None:
        return found.whole
    whole = Reply(200, found.fields, found.opened(0, found.size), found.size)
    return _shortened(whole, max_length)


def _partial(found: Resource, part: Part, max_length: int | None) -> Reply:
    length = part.stop - part.start
    own = {
        "content-range": f"bytes {part.start}-{part.stop - 1}/{found.size}",
        "content-length": str(length),
    }
    fields = (*_without_length(found.fields), *encoded(own))
    return _shortened(Reply(206, fields, found.opened(part.start, part.stop), length), max_length)


def _shortened(reply: Reply, max_length: int | None) -> Reply:
    """A streamed answer that is too long for its length to be declared goes without."""
    if max_length is None or reply.length <= max_length or isinstance(reply.body, bytes):
        return reply
    return reply._replace(fields=_without_length(reply.fields))


def _without_length(fields: Fields) -> Fields:
    return tuple(f for f in fields if f[0] != b"content-length")


def _unsatisfiable(found: Resource) -> Reply:
    return plain(
        416,
        "There is no such range.",
        {"content-range": f"bytes */{found.size}", "accept-ranges": "bytes"},
    )


def plain(status: int, sentence: str, extra: Mapping[str, str] | None = None) -> Reply:
    """A short answer in words, which nobody keeps."""
    body = f"{sentence}\n".encode()
    fields = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **(extra or {}),
    }
    return Reply(status, COMMON + encoded(fields), body, len(body))


def sent(to: Elsewhere) -> Reply:
    """A redirect that holds for this one request (RFC 9110 §15.4.3)."""
    extra = {"location": to.location, "cache-control": "private, no-store"}
    return plain(302, "It is served elsewhere.", extra)


def moved(path: str, query: str) -> Reply:
    """A permanent redirect to a path of ours; the query goes along if it is printable ASCII."""
    goes_along = query.isascii() and query.isprintable()
    location = f"{path}?{query}" if query and goes_along else path
    extra = {"location": location, "cache-control": "private, no-cache"}
    return plain(301, f"It is served at {path}.", extra)
