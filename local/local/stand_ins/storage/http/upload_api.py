"""The upload part of the JSON API: media, multipart and resumable.

https://cloud.google.com/storage/docs/uploads-downloads#uploads
"""

from collections.abc import Mapping

from local.stand_ins.storage import errors
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.http.api_calls import Call, select_fields
from local.stand_ins.storage.http.upload_sessions import Session, Uploads
from local.stand_ins.storage.http.wire import ContentRange, Request, WireResponse, parse_related
from local.stand_ins.storage.objects import Attributes, Hashes, Resource, Version
from local.stand_ins.storage.preconditions import Preconditions


class UploadApi:
    """Upload API of ``storage``, with the sessions of resumable uploads."""

    def __init__(self, storage: FakeStorage) -> None:
        self._storage = storage
        self.uploads = Uploads()

    def resolve(self, request: Request) -> Call:
        """Return the call of a request.

        :raises StorageError: 400, for an unsupported or malformed request.
        """
        match (request.method, *request.path[1:]):
            case ("POST", "storage", "v1", "b", bucket, "o"):
                return self._start(request, bucket)
            case ("PUT", "storage", "v1", "b", _, "o"):
                return self._continue(request)
            case ("DELETE", "storage", "v1", "b", _, "o"):
                return self._cancel(request)
        raise errors.not_supported(f"{request.method} {'/'.join(request.path)}")

    def _start(self, request: Request, bucket: str) -> Call:
        match request.query.get("uploadType"):
            case "multipart":
                return self._multipart(request, bucket)
            case "media":
                media_type = request.headers.get("content-type")
                return self._insert(request, bucket, {}, media_type, request.body)
            case "resumable":
                return self._resumable(request, bucket)
        raise errors.invalid("Invalid value for uploadType", "uploadType")

    def _multipart(self, request: Request, bucket: str) -> Call:
        content_type = request.headers.get("content-type", "")
        return self._insert(request, bucket, *parse_related(content_type, request.body))

    def _insert(
        self, request: Request, bucket: str, resource: Resource, media_type: str | None, data: bytes
    ) -> Call:
        session = _make_session(request, bucket, resource, media_type)

        def insert() -> WireResponse:
            hashes = Hashes.from_data(data)
            hashes.require(md5=session.md5, crc32c=session.crc32c)
            version = self._storage.insert(
                bucket, session.name, data, session.attributes, session.preconditions, hashes=hashes
            )
            return self._answer(request, version)

        return Call("objects.insert", bucket, session.name, insert)

    def _resumable(self, request: Request, bucket: str) -> Call:
        media_type = request.headers.get("x-upload-content-type")
        session = _make_session(request, bucket, request.json(), media_type)

        def start() -> WireResponse:
            upload_id = self.uploads.start(self._storage, session)
            location = (
                f"{self._storage.origin}/upload/storage/v1/b/{bucket}/o"
                f"?uploadType=resumable&upload_id={upload_id}"
            )
            return WireResponse(
                200, headers={"location": location, "x-guploader-uploadid": upload_id}
            )

        return Call("uploads.start", bucket, session.name, start)

    def _continue(self, request: Request) -> Call:
        session = self.uploads.find(request.query.get("upload_id", ""))
        piece = ContentRange.from_header(request.headers.get("content-range"), len(request.body))
        hashes = _read_hashes(request.headers)

        def take() -> WireResponse:
            session.md5 = hashes.get("md5", session.md5)
            session.crc32c = hashes.get("crc32c", session.crc32c)
            version = session.take(self._storage, piece, request.body)
            if version:
                return self._answer(request, version)
            have = len(session.received)
            return WireResponse(308, headers={"range": f"bytes=0-{have - 1}"} if have else {})

        operation = "uploads.query" if piece.start is None else "uploads.piece"
        if session.would_finish(piece):
            operation = "objects.insert"
        return Call(operation, session.bucket, session.name, take)

    def _cancel(self, request: Request) -> Call:
        upload_id = request.query.get("upload_id", "")
        session = self.uploads.find(upload_id)

        def cancel() -> WireResponse:
            self.uploads.cancel(upload_id)
            return WireResponse(499)

        return Call("uploads.cancel", session.bucket, session.name, cancel)

    def _answer(self, request: Request, version: Version) -> WireResponse:
        return select_fields(request, version.resource(self._storage.origin))


def _make_session(
    request: Request, bucket: str, resource: Resource, media_type: str | None
) -> Session:
    name = resource.get("name") or request.query.get("name", "")
    hashes = _read_hashes(request.headers) | {
        key: value
        for key, parameter in (("md5", "md5Hash"), ("crc32c", "crc32c"))
        if isinstance(value := resource.get(parameter), str)
    }
    return Session(
        bucket=bucket,
        name=str(name),
        attributes=Attributes.from_resource({"contentType": media_type} | resource),
        preconditions=Preconditions.from_query(request.query),
        md5=hashes.get("md5"),
        crc32c=hashes.get("crc32c"),
    )


def _read_hashes(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = [pair.strip().partition("=") for pair in headers.get("x-goog-hash", "").split(",")]
    hashes = {label: value for label, _, value in pairs if label}
    return hashes | ({"md5": headers["content-md5"]} if "content-md5" in headers else {})
