"""The ports, as small as their callers need: ``Bucket`` and ``Topic``; ``Reader`` for the proxy.

``Bucket`` and ``Topic`` are synchronous: the workers call them from threads. There is no delete,
and no write without a precondition: a generation that was read, or 0 for "only if absent".
``Reader`` is for an event loop that hands bytes through, and can only read.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from schemas.events import Message
from schemas.types import Generation

NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What Cloud Storage knows of one generation of an object.

    https://cloud.google.com/storage/docs/json_api/v1/objects#resource
    """

    name: str
    generation: Generation
    size: int
    """Bytes, as stored."""
    created: datetime
    """When this generation was created, by Cloud Storage's clock, in UTC."""
    content_type: str = ""
    content_encoding: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """The custom metadata."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The bytes of one generation of an object."""

    generation: Generation
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Headers:
    """What a write says of an object beside its bytes; nothing is left to defaults."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


class Bucket(Protocol):
    """One Cloud Storage bucket.

    Every method may raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`.
    """

    @property
    def name(self) -> str:
        """The bucket's name."""
        ...

    def stat(self, name: str, generation: Generation | None = None) -> ObjectInfo | None:
        """Return what is known of the live object, or of ``generation`` of it; None if absent."""
        ...

    def read(self, name: str) -> StoredObject | None:
        """Return the whole live object with the generation its bytes belong to; None if absent.

        For small objects: the bytes are held in memory.
        """
        ...

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (exclusive; None: all) of that very generation.

        In chunks of a few MiB at most. A broken connection is resumed where it broke.

        :raises NotFound: if there is no such generation any more.
        """
        ...

    def write(
        self, name: str, data: bytes, headers: Headers, *, if_generation: Generation
    ) -> ObjectInfo:
        """Write the whole object if its live generation is ``if_generation`` (0: it is absent).

        :raises PreconditionFailed: if it is not. After a retry this may be our own earlier write.
        :raises TooManyRequests: if this name was written within about the last second.
        """
        ...

    def rewrite(
        self, source: "Bucket", info: ObjectInfo, name: str, headers: Headers
    ) -> ObjectInfo:
        """Copy ``info``'s very generation of ``source`` to ``name`` here, if absent here.

        On the server, however large it is. The destination resource is stated whole: nothing is
        inherited from the source.

        :raises NotFound: if that generation is no longer there.
        :raises PreconditionFailed: if ``name`` is taken, by whomever.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the live objects whose name starts with ``prefix``, by name, page after page."""
        ...


class Topic(Protocol):
    """One Pub/Sub topic."""

    def publish(self, message: Message) -> None:
        """Publish ``message``; return when Pub/Sub has taken it, so that it will be delivered.

        :raises PermissionDenied: if this service may not publish there.
        :raises Unavailable: if Pub/Sub did not take it in time.
        """
        ...


class Download(Protocol):
    """One generation of an object on its way, to be iterated once and closed."""

    generation: Generation
    size: int
    """Bytes of the whole object, as stored."""
    md5: str
    """Of the whole object, in hexadecimal; empty where it was composed of parts."""
    start: int
    """The position of the first byte that comes,"""
    stop: int
    """and the one after the last."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes as they come: some hundred KiB are in memory at most.

        A broken connection is resumed where it broke, on the same generation.

        :raises CloudError: if not all bytes could be had.
        """
        ...

    async def aclose(self) -> None:
        """Break off at once, unless all has come."""
        ...


class Reader(Protocol):
    """One Cloud Storage bucket, for an event loop.

    Every method may raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`. Each is one storage operation where nothing fails.
    """

    async def read(self, name: str) -> StoredObject:
        """Return the whole live object with its generation. For small objects.

        :raises NotFound: if there is no such object.
        """
        ...

    async def changed(self, name: str, since: Generation) -> StoredObject | None:
        """Return the whole live object, or None if ``since`` is still its generation.

        :raises NotFound: if there is no such object.
        """
        ...

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> Download:
        """Begin to download the live object; return when it answers.

        :param start: the first byte; if negative, so many bytes before the end.
        :param stop: the byte after the last; None: to the end. Where there is no such part, the
            whole comes.
        :raises NotFound: if there is no such object.
        """
        ...
