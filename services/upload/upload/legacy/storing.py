"""Storing of a file in the incoming bucket while it arrives; the object exists only at the end."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from anyio import CapacityLimiter, to_thread

from cloud.errors import PreconditionFailed
from cloud.json_requests.resumable import PIECE, OpenUpload, UploadingBucket
from cloud.ports import Headers, ObjectInfo


@dataclass(slots=True)
class StoredUpload:
    """Object in the making. At most two pieces are in memory: one is filled, one is sent.

    The last bytes are held back until :meth:`complete`, so there is no object before. A small file
    is one request, with its custom metadata.
    """

    bucket: UploadingBucket
    name: str
    threads: CapacityLimiter
    _buffer: bytearray = field(default_factory=bytearray)
    _upload: OpenUpload | None = None
    _sending: "asyncio.Task[None] | None" = None

    async def add(self, chunk: bytes, headers: Headers) -> bytes | None:
        """Keep a chunk; return a full piece as soon as it is known not to be the last one.

        :raises CloudError: if an earlier piece could not be stored.
        """
        self._buffer += chunk
        if len(self._buffer) <= PIECE:
            return None
        piece = bytes(self._buffer[:PIECE])
        del self._buffer[:PIECE]
        await self._wait()
        self._sending = asyncio.ensure_future(self._send(piece, headers))
        return piece

    def take_rest(self) -> bytes:
        """Return the bytes that are held back."""
        return bytes(self._buffer)

    async def complete(self, headers: Headers) -> ObjectInfo:
        """Create the object.

        :raises CloudError: if it could not be stored.
        """
        await self._wait()
        rest, upload = bytes(self._buffer), self._upload
        self._buffer.clear()
        if upload is None:
            write = partial(self._write, rest, headers)
            return await to_thread.run_sync(write, limiter=self.threads)
        info = await to_thread.run_sync(upload.finish, rest, limiter=self.threads)
        self._upload = None
        return info

    def _write(self, data: bytes, headers: Headers) -> ObjectInfo:
        """Create the object in one request.

        The name is random. If it is taken, the response to the first attempt was lost.
        """
        try:
            return self.bucket.write(self.name, data, headers, if_generation=0)
        except PreconditionFailed:
            info = self.bucket.stat(self.name)
            if info is None:
                raise
            return info

    async def aclose(self) -> None:
        """Cancel the upload, unless it is complete. A cancelled task waits for the end of it."""
        await asyncio.shield(self._cancel())

    async def _cancel(self) -> None:
        if self._sending is not None:
            await asyncio.wait((self._sending,))
            self._sending.exception()  # a failure was raised before, or does not matter any more
        if self._upload is not None:
            upload, self._upload = self._upload, None
            await to_thread.run_sync(upload.cancel, limiter=self.threads)

    async def _wait(self) -> None:
        if self._sending is not None:
            await asyncio.shield(self._sending)
            self._sending = None

    async def _send(self, piece: bytes, headers: Headers) -> None:
        if self._upload is None:
            start = partial(self.bucket.start_upload, self.name, headers)
            self._upload = await to_thread.run_sync(start, limiter=self.threads)
        await to_thread.run_sync(self._upload.send, piece, limiter=self.threads)
