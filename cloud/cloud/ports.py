"""Ports to Google Cloud: ``Bucket`` and ``Topic`` for the workers, ``Reader`` for the proxy.

``Bucket`` and ``Topic`` are synchronous: the workers call them from threads. There is no delete.
Every write has a precondition: a generation that was read, or 0 for "only if absent".
``Reader`` is for an event loop that forwards bytes. It can only read.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from schemas.types import Generation

if TYPE_CHECKING:  # few commands publish a message
    from schemas.push import Message

NO_METADATA: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """Properties of one generation of an object.

    https://cloud.google.com/storage/docs/json_api/v1/objects#resource
    """

    name: str
    generation: Generation
    size: int
    """Bytes, as stored."""
    created: datetime
    """Creation time of this generation by the clock of Cloud Storage, in UTC."""
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
    """Properties that a write sets together with the bytes. None has a default of Cloud Storage."""

    content_type: str
    cache_control: str
    metadata: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)


class Bucket(Protocol):
    """One Cloud Storage bucket.

    Every method can raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`.
    """

    @property
    def name(self) -> str:
        """The bucket's name."""
        ...

    def stat(self, name: str, generation: Generation | None = None) -> ObjectInfo | None:
        """Return the properties of ``generation`` (None: the live one); None if it is absent."""
        ...

    def read(self, name: str) -> StoredObject | None:
        """Return the whole live object with the generation of its bytes; None if it is absent.

        It is for small objects: the bytes are held in memory.
        """
        ...

    def read_up_to(self, name: str, limit: int) -> StoredObject | int | None:
        """Return an object as :meth:`read` does, or its size if it is above ``limit`` bytes.

        It takes one request, which transfers at most ``limit`` bytes.
        """
        ...

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes ``start`` to ``end`` (exclusive; None: all) of one generation.

        A chunk has a few MiB at most. After a broken connection the rest is requested.

        :raises NotFound: if the generation no longer exists.
        """
        ...

    def write(
        self, name: str, data: bytes, headers: Headers, *, if_generation: Generation
    ) -> ObjectInfo:
        """Write the whole object if its live generation is ``if_generation`` (0: it is absent).

        :raises PreconditionFailed: if the live generation is another one. After a retry it can be
            that of our own earlier write.
        :raises TooManyRequests: if the name was written within about the last second.
        """
        ...

    def rewrite(
        self, source: "Bucket", info: ObjectInfo, name: str, headers: Headers
    ) -> ObjectInfo:
        """Copy the generation of ``info`` from ``source`` to ``name`` in this bucket, if absent.

        Cloud Storage copies, at any size. The copy has the properties of ``headers`` only; it
        inherits none from the source.

        :raises NotFound: if the generation no longer exists.
        :raises PreconditionFailed: if ``name`` exists.
        """
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the live objects with the prefix ``prefix``, ordered by name, page after page."""
        ...


class Topic(Protocol):
    """One Pub/Sub topic."""

    def publish(self, message: "Message") -> None:
        """Publish ``message``, and return when Pub/Sub has accepted it for delivery.

        :raises PermissionDenied: if the service account lacks the role for the topic.
        :raises Unavailable: if Pub/Sub did not accept it in time.
        """
        ...


class Download(Protocol):
    """Open download of one generation of an object. It is iterated once and then closed."""

    generation: Generation
    size: int
    """Bytes of the whole object, as stored."""
    md5: str
    """Digest of the whole object in hexadecimal; empty for an object composed of parts."""
    start: int
    """Position of the first byte of the part."""
    stop: int
    """Position after the last byte of the part."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the bytes on arrival. At most some hundred KiB are in memory.

        After a broken connection the rest of the same generation is requested.

        :raises CloudError: if the rest cannot be read.
        """
        ...

    async def aclose(self) -> None:
        """End the download at once, if it is not complete."""
        ...


class Reader(Protocol):
    """One Cloud Storage bucket, for an event loop.

    Every method can raise :class:`~cloud.errors.PermissionDenied` and
    :class:`~cloud.errors.Unavailable`. Without a failure each is one storage operation.
    """

    async def read(self, name: str) -> StoredObject:
        """Return the whole live object with its generation. It is for small objects.

        :raises NotFound: if there is no such object.
        """
        ...

    async def read_if_changed(self, name: str, since: Generation) -> StoredObject | None:
        """Return the whole live object, or None if ``since`` is still its generation.

        :raises NotFound: if there is no such object.
        """
        ...

    async def open(self, name: str, *, start: int = 0, stop: int | None = None) -> Download:
        """Start a download of the live object, and return after the header fields.

        If the object has no such part, the download is of the whole.

        :param start: position of the first byte; a negative one counts from the end.
        :param stop: position after the last byte; None: the end.
        :raises NotFound: if there is no such object.
        """
        ...
