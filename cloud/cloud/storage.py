"""The ``Bucket`` port over the JSON API of Cloud Storage (ADR 26).

Every write has a generation precondition, so it is safe to repeat it after a 5xx or a broken
connection. A 429 is raised, because the caller then has newer changes to merge.
https://cloud.google.com/storage/docs/retry-strategy
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from google.auth.credentials import Credentials

from cloud import errors
from cloud.json_requests.authorized_session import AuthorizedSession, find_endpoint
from cloud.json_requests.curl_transport import (
    BrokenResponse,
    CurlRequest,
    CurlTransport,
)
from cloud.json_requests.object_download import RAW, download_object, download_up_to
from cloud.json_requests.object_resource import (
    LISTED,
    ListingResource,
    ObjectResource,
    RewriteResource,
    build_resource,
    build_upload,
    encode_query,
    locate_object,
    parse_info,
)
from cloud.ports import Bucket, Headers, ObjectInfo, StoredObject
from cloud.retry import RetryableError
from schemas.types import Generation

CHUNK = 4 * 1024 * 1024
"""Bytes of one request of a stream. They are in memory at a time."""

_JSON = {"content-type": "application/json; charset=UTF-8"}


class DirectClient:
    """Origin and session of the requests to all buckets.

    :param origin: scheme and host of Cloud Storage, without a slash at its end.
    :param credentials: credentials of google-auth.
    """

    def __init__(self, origin: str, credentials: Credentials, transport: CurlTransport) -> None:
        self.origin, self._transport = origin, transport
        self.session = AuthorizedSession(credentials, transport)

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()


def connect(gcp_project: str, transport: CurlTransport | None = None) -> DirectClient:
    """Create a client of ``STORAGE_EMULATOR_HOST``, or of Cloud Storage if that is unset.

    :param gcp_project: id of the Google Cloud project, for the message of an error.
    :raises MissingCredentials: if there are no credentials.
    :raises Unavailable: if they are not usable.
    """
    origin, credentials = find_endpoint(f"Cloud Storage of {gcp_project}")
    return DirectClient(origin, credentials, transport or CurlTransport())


class StorageBucket:
    """One Cloud Storage bucket. It implements :class:`cloud.ports.Bucket`."""

    def __init__(self, client: DirectClient, name: str) -> None:
        self._name, self._session = name, client.session
        self._origin = client.origin
        self._api = f"{self._origin}/storage/v1"

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self._name

    def stat(self, name: str, generation: Generation | None = None) -> ObjectInfo | None:
        """Request the metadata of an object."""
        query = encode_query(generation=generation)
        request = CurlRequest("GET", f"{self._locate(name)}?{query}")
        try:
            response = self._session.request(self._describe(name), request)
        except errors.NotFound:
            return None
        resource: ObjectResource = json.loads(response.body)
        return parse_info(resource)

    def read(self, name: str) -> StoredObject | None:
        """Download an object."""
        return download_object(self._session, self._describe(name), self._locate_bytes(name))

    def read_up_to(self, name: str, limit: int) -> StoredObject | int | None:
        """Download an object up to a size."""
        url = self._locate_bytes(name)
        return download_up_to(self._session, self._describe(name), url, limit)

    def stream(
        self, info: ObjectInfo, *, start: int = 0, end: int | None = None
    ) -> Iterator[bytes]:
        """Download range after range. After a break, the rest of a range is requested."""
        stop = info.size if end is None else min(end, info.size)
        for first in range(start, stop, CHUNK):
            yield self._read_range(info, first, min(first + CHUNK, stop))

    def _read_range(self, info: ObjectInfo, start: int, stop: int) -> bytes:
        subject, pieces, position = self._describe(info.name), list[bytes](), start
        query = encode_query(alt="media", generation=info.generation)

        def attempt() -> None:
            nonlocal position
            fields = {**RAW, "range": f"bytes={position}-{stop - 1}"}
            request = CurlRequest("GET", f"{self._locate(info.name)}?{query}", fields)
            broken: BrokenResponse | None = None
            try:
                response = self._session.send(subject, request)
            except BrokenResponse as error:
                response, broken = error.received, error
            if response.status == HTTPStatus.PARTIAL_CONTENT:
                pieces.append(response.body)
                position += len(response.body)
            if position != stop:
                raise broken or RetryableError(
                    f"{response.status}, {stop - position} bytes missing"
                )

        self._session.retry(subject, attempt)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def write(
        self, name: str, data: bytes, headers: Headers, *, if_generation: Generation
    ) -> ObjectInfo:
        """Upload a whole object with its precondition. It needs no object, so 404 is the bucket."""
        query = encode_query(uploadType="multipart", ifGenerationMatch=if_generation)
        content_type, body = build_upload(name, data, headers)
        url = f"{self._origin}/upload/storage/v1/b/{self._name}/o?{query}"
        request = CurlRequest("POST", url, {"content-type": content_type, "expect": ""}, body)
        with self._detect_taken_name(name, if_generation):
            response = self._session.request(self._describe(name), request, errors.MissingBucket)
        resource: ObjectResource = json.loads(response.body)
        return parse_info(resource)

    def rewrite(self, source: Bucket, info: ObjectInfo, name: str, headers: Headers) -> ObjectInfo:
        """Copy on the server, in one or more calls."""
        origin = f"{self._api}{locate_object(source.name, info.name)}"
        url = f"{origin}/rewriteTo{locate_object(self._name, name)}"
        body, token = json.dumps(build_resource(headers)).encode(), None
        while True:
            query = encode_query(
                sourceGeneration=info.generation,
                ifSourceGenerationMatch=info.generation,
                ifGenerationMatch=0,
                rewriteToken=token,
            )
            request = CurlRequest("POST", f"{url}?{query}", _JSON, body)
            result = self._rewrite_part(source, info, name, request)
            if "resource" in result:
                return parse_info(result["resource"])
            token = result["rewriteToken"]

    def _rewrite_part(
        self, source: Bucket, info: ObjectInfo, name: str, request: CurlRequest
    ) -> RewriteResource:
        try:
            with self._detect_taken_name(name, 0):
                response = self._session.request(self._describe(name), request)
        except errors.NotFound as error:
            if source.stat(info.name, info.generation) is None:
                raise
            raise errors.MissingBucket(error.subject, error.detail) from error
        result: RewriteResource = json.loads(response.body)
        return result

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List page after page, with the fields of ``ObjectInfo`` only."""
        fields, token = f"items({LISTED}),nextPageToken", None
        while True:
            query = encode_query(prefix=prefix, fields=fields, pageToken=token)
            request = CurlRequest("GET", f"{self._api}/b/{self._name}/o?{query}")
            subject = self._describe(prefix)
            response = self._session.request(subject, request, errors.MissingBucket)
            page: ListingResource = json.loads(response.body)
            yield from map(parse_info, page.get("items", ()))
            token = page.get("nextPageToken")
            if not token:
                return

    def _locate(self, name: str) -> str:
        return f"{self._api}{locate_object(self._name, name)}"

    def _locate_bytes(self, name: str) -> str:
        return f"{self._locate(name)}?{encode_query(alt='media')}"

    def _describe(self, name: str) -> str:
        return f"gs://{self._name}/{name}"

    @contextmanager
    def _detect_taken_name(self, name: str, if_generation: Generation) -> Iterator[None]:
        """Raise ``PreconditionFailed`` for a 403 if the name must be absent and exists.

        The service accounts can create but not delete, which protects the packages and the
        verdicts. Replacing an object needs the permission to delete it. Google does not document
        the order of the checks of permission and precondition:
        https://cloud.google.com/storage/docs/access-control/iam-json
        """
        try:
            yield
        except errors.PermissionDenied as error:
            if if_generation == 0 and self.stat(name) is not None:
                raise errors.PreconditionFailed(error.subject, error.detail) from error
            raise
