"""Bucket in memory with resumable uploads."""

from collections.abc import Iterator
from contextlib import contextmanager

from cloud import errors
from cloud.json_requests.resumable import PIECE
from cloud.ports import Headers, ObjectInfo
from testing.fakes.memory_ports import MemoryBucket


class ResumableMemoryBucket(MemoryBucket):
    """A :class:`cloud.json_requests.resumable.UploadingBucket`, with its uploads without an end."""

    def __init__(self, bucket: MemoryBucket) -> None:
        super().__init__(bucket.name, storage=bucket.storage)
        self.open_uploads: list[MemoryOpenUpload] = []
        self.cancellations = 0

    def start_upload(self, name: str, headers: Headers) -> "MemoryOpenUpload":
        with self._step("uploads.start", name):
            if self.stat(name) is not None:
                raise errors.PreconditionFailed(name)
        upload = MemoryOpenUpload(self, name, headers)
        self.open_uploads.append(upload)
        return upload

    @contextmanager
    def step(self, operation: str, name: str) -> Iterator[None]:
        """Run one operation of an upload, with hooks and faults."""
        with self._step(operation, name):
            yield


class MemoryOpenUpload:
    """A :class:`cloud.json_requests.resumable.OpenUpload`."""

    def __init__(self, bucket: ResumableMemoryBucket, name: str, headers: Headers) -> None:
        self._bucket, self._name, self._headers = bucket, name, headers
        self.received = bytearray()

    def send(self, piece: bytes) -> None:
        assert len(piece) == PIECE, "a piece that is not the last has a fixed size"
        with self._bucket.step("uploads.piece", self._name):
            self.received += piece

    def finish(self, rest: bytes) -> ObjectInfo:
        assert rest, "the last piece has at least one byte"
        data = bytes(self.received + rest)
        info = self._bucket.write(self._name, data, self._headers, if_generation=0)
        self._bucket.open_uploads.remove(self)
        return info

    def cancel(self) -> None:
        self._bucket.open_uploads.remove(self)
        self._bucket.cancellations += 1
