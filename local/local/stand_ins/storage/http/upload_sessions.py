"""Resumable uploads: sessions that receive an object in pieces.

https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import secrets
from dataclasses import dataclass, field

from local.stand_ins.storage import errors
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.http.wire import ContentRange
from local.stand_ins.storage.objects import Attributes, Hashes, Version
from local.stand_ins.storage.preconditions import Preconditions

PIECE = 256 * 1024
"""Bytes; the storage keeps a multiple of this of each piece except the last."""


@dataclass(slots=True)
class Session:
    """One upload; the preconditions must hold at its start *and* at its end."""

    bucket: str
    name: str
    attributes: Attributes
    preconditions: Preconditions
    md5: str | None = None
    crc32c: str | None = None
    received: bytearray = field(default_factory=bytearray, repr=False)
    finished: Version | None = None

    def would_finish(self, piece: ContentRange) -> bool:
        """Return True if ``piece`` completes the object; this request is billed."""
        if self.finished or piece.total is None:
            return False
        return piece.total == (len(self.received) if piece.start is None else piece.end)

    def take(self, storage: FakeStorage, piece: ContentRange, body: bytes) -> Version | None:
        """Store a piece; return the object when it is complete.

        :raises StorageError: 400 for a gap or a wrong hash; 412 or 429, as for a write.
        """
        if self.finished:
            return self.finished
        ends = self.would_finish(piece)
        if piece.start is not None:
            self._keep(piece.start, body, ends=ends)
        return self._finish(storage) if ends else None

    def _keep(self, start: int, body: bytes, *, ends: bool) -> None:
        have = len(self.received)
        if start > have:
            raise errors.invalid(
                f"Invalid request. According to the Content-Range header, the upload offset is "
                f"{start} byte(s), which exceeds already uploaded size of {have} byte(s)."
            )
        self.received += body[have - start :]
        if not ends:
            del self.received[len(self.received) // PIECE * PIECE :]

    def _finish(self, storage: FakeStorage) -> Version:
        data = bytes(self.received)
        hashes = Hashes.from_data(data)
        hashes.require(md5=self.md5, crc32c=self.crc32c)
        self.finished = storage.insert(
            self.bucket, self.name, data, self.attributes, self.preconditions, hashes=hashes
        )
        self.received.clear()
        return self.finished


class Uploads:
    """The sessions of one server."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def start(self, storage: FakeStorage, session: Session) -> str:
        """Open ``session`` and return its id.

        :raises StorageError: 404, 412 or 429, as the write itself would.
        """
        storage.check_insert(session.bucket, session.name, session.preconditions)
        upload_id = secrets.token_urlsafe(24)
        self._sessions[upload_id] = session
        return upload_id

    def find(self, upload_id: str) -> Session:
        """Return a session by its id.

        :raises StorageError: 404, if no session has the id.
        """
        if upload_id not in self._sessions:
            raise errors.StorageError(404, "notFound", f"No such upload: {upload_id}")
        return self._sessions[upload_id]

    def cancel(self, upload_id: str) -> None:
        """Delete a session and its bytes.

        :raises StorageError: 404, if no session has the id.
        """
        self.find(upload_id)
        del self._sessions[upload_id]
