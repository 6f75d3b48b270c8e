"""Resumable uploads of Cloud Storage: an object that is created piece by piece, or not at all.

The object exists only after :meth:`OpenUpload.finish`. Cloud Storage verifies its CRC32C.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol

import google_crc32c

from cloud import errors
from cloud.json_requests.curl_transport import BrokenResponse, CurlRequest, CurlResponse
from cloud.json_requests.object_resource import (
    ObjectResource,
    build_resource,
    encode_query,
    parse_info,
)
from cloud.ports import Bucket, Headers, ObjectInfo
from cloud.retry import RetryableError
from cloud.storage import StorageBucket

PIECE = 512 * 1024
"""Bytes of a piece. Cloud Storage requires a multiple of 256 KiB, except of the last piece."""

_RANGE = re.compile(r"bytes=0-([0-9]+)", re.ASCII)
_CANCELLED = 499
_ENDED = frozenset({_CANCELLED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_INCOMPLETE = frozenset({HTTPStatus.PERMANENT_REDIRECT})


class OpenUpload(Protocol):
    """Upload that has started. Its methods block; one thread at a time calls them."""

    def send(self, piece: bytes) -> None:
        """Send the next bytes, a multiple of 256 KiB. They must not be the last ones.

        :raises Unavailable: if Cloud Storage does not answer, or has lost the upload.
        """
        ...

    def finish(self, rest: bytes) -> ObjectInfo:
        """Send the last bytes, at least one, and create the object.

        :raises PreconditionFailed: if an object with the name exists.
        """
        ...

    def cancel(self) -> None:
        """End the upload without an object. It never fails: an upload ends after a week."""
        ...


class UploadingBucket(Bucket, Protocol):
    """Bucket with resumable uploads."""

    def start_upload(self, name: str, headers: Headers) -> OpenUpload:
        """Start the upload of an object that must be absent.

        :raises PreconditionFailed: if an object with the name exists.
        """
        ...


class ResumableBucket(StorageBucket):
    """Cloud Storage bucket with resumable uploads. It implements :class:`UploadingBucket`."""

    def start_upload(self, name: str, headers: Headers) -> "ResumableUpload":
        """Start an upload in one request."""
        query = encode_query(uploadType="resumable", ifGenerationMatch=0, name=name)
        url = f"{self._origin}/upload/storage/v1/b/{self._name}/o?{query}"
        fields = {
            "content-type": "application/json; charset=UTF-8",
            "x-upload-content-type": headers.content_type,
        }
        body = json.dumps(build_resource(headers)).encode()
        subject = self._describe(name)
        with self._detect_taken_name(name, 0):
            response = self._session.request(
                subject, CurlRequest("POST", url, fields, body), errors.MissingBucket
            )
        location = response.get_field(b"location:")
        return ResumableUpload(self, name, location, headers.content_type)

    def put(self, name: str, url: str, fields: Mapping[str, str], body: bytes) -> CurlResponse:
        """Send one request of an upload once; return the response if it is no error.

        :raises CloudError: after a status that is final.
        :raises RetryableError: after a transient status.
        :raises BrokenResponse: if the response is not complete.
        """
        request = CurlRequest("PUT", url, {"expect": "", **fields}, body)
        subject = self._describe(name)
        return self._session.send(subject, request, errors.Unavailable, _INCOMPLETE)

    def delete_session(self, name: str, url: str) -> None:
        """Cancel an upload; ignore every failure."""
        request = CurlRequest("DELETE", url, {"content-length": "0"})
        with suppress(errors.CloudError, RetryableError, BrokenResponse):
            self._session.send(self._describe(name), request, accepted=_ENDED)

    def retry_upload(self, name: str, attempt: "Attempt") -> CurlResponse:
        """Repeat ``attempt`` after transient errors, for a minute at most."""
        return self._session.retry(self._describe(name), attempt)


class Attempt(Protocol):
    """Attempt to send a piece."""

    def __call__(self) -> CurlResponse:
        """Send the bytes of the piece that Cloud Storage does not have yet."""
        ...


class ResumableUpload:
    """Upload in a session of Cloud Storage. It implements :class:`OpenUpload`."""

    def __init__(self, bucket: ResumableBucket, name: str, url: str, content_type: str) -> None:
        self._bucket, self._name, self._url = bucket, name, url
        self._content_type = content_type
        self._checksum = google_crc32c.Checksum()  # type: ignore[no-untyped-call]  # Google's
        self._start = 0
        """Position of the next piece in the object."""

    def send(self, piece: bytes) -> None:
        """Send a piece; after a break, send the part that Cloud Storage does not have."""
        self._checksum.update(piece)  # type: ignore[no-untyped-call]  # Google's
        self._transfer(piece, None)
        self._start += len(piece)

    def finish(self, rest: bytes) -> ObjectInfo:
        """Send the last piece with the size and the checksum of the object."""
        self._checksum.update(rest)  # type: ignore[no-untyped-call]  # Google's
        response = self._transfer(rest, self._start + len(rest))
        resource: ObjectResource = json.loads(response.body)
        return parse_info(resource)

    def cancel(self) -> None:
        """Delete the session."""
        self._bucket.delete_session(self._name, self._url)

    def _transfer(self, piece: bytes, total: int | None) -> CurlResponse:
        end, position, is_repeated = self._start + len(piece), self._start, False

        def attempt() -> CurlResponse:
            nonlocal position, is_repeated
            if is_repeated:
                asked = self._put(b"", "bytes */*", {})
                if asked.status != HTTPStatus.PERMANENT_REDIRECT:
                    return asked  # the object is complete; only the response was lost
                position = self._read_position(asked)
            is_repeated = True
            response = self._send_rest(piece, position, total)
            if response.status == HTTPStatus.PERMANENT_REDIRECT:
                position = self._read_position(response)
                if position != end or total is not None:
                    raise RetryableError(f"{end - position} bytes of the piece are missing")
            return response

        return self._bucket.retry_upload(self._name, attempt)

    def _send_rest(self, piece: bytes, position: int, total: int | None) -> CurlResponse:
        rest = piece[position - self._start :]
        size = "*" if total is None else str(total)
        part = f"{position}-{position + len(rest) - 1}" if rest else "*"
        checksum: bytes = self._checksum.digest()  # type: ignore[no-untyped-call]  # Google's
        digest = b64encode(checksum).decode()
        fields = {} if total is None else {"x-goog-hash": f"crc32c={digest}"}
        return self._put(rest, f"bytes {part}/{size}", fields)

    def _put(self, body: bytes, content_range: str, fields: Mapping[str, str]) -> CurlResponse:
        fields = {**fields, "content-type": self._content_type, "content-range": content_range}
        return self._bucket.put(self._name, self._url, fields, body)

    def _read_position(self, response: CurlResponse) -> int:
        """Return the number of bytes that Cloud Storage has.

        :raises Unavailable: if it has lost bytes of earlier pieces, which are not in memory.
        """
        found = _RANGE.fullmatch(response.get_field(b"range:"))
        position = int(found[1]) + 1 if found else 0
        if position < self._start:
            raise errors.Unavailable(self._name, f"only {position} bytes of the upload are left")
        return position
