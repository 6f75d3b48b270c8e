"""Downloads of whole objects, with their generation and their checksum.

https://cloud.google.com/storage/docs/json_api/v1/objects/get
"""

from collections.abc import Mapping
from http import HTTPStatus

from cloud.errors import NotFound
from cloud.json_requests.authorized_session import AuthorizedSession
from cloud.json_requests.curl_transport import CurlRequest, CurlResponse
from cloud.json_requests.object_resource import has_checksum
from cloud.ports import StoredObject
from cloud.retry import RetryableError
from schemas.types import Generation

RAW: Mapping[str, str] = {"accept-encoding": "gzip"}
"""Header field for the bytes as stored, without decompression by Cloud Storage.

https://cloud.google.com/storage/docs/transcoding
"""

_NO_RANGE = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE


def download_object(session: AuthorizedSession, subject: str, url: str) -> StoredObject | None:
    """Download an object; return None if there is none."""
    response = _send(session, subject, url, RAW, None)
    return _parse_stored(response) if response else None


def download_up_to(
    session: AuthorizedSession, subject: str, url: str, limit: int
) -> StoredObject | int | None:
    """Download the first bytes of an object; return its size if it has more than ``limit`` bytes.

    The response to a request for a range contains the size of the whole.
    """
    fields = {**RAW, "range": f"bytes=0-{limit - 1}"}
    response = _send(session, subject, url, fields, limit)
    if response is None:
        return None
    if response.status == _NO_RANGE:  # an empty object
        return download_object(session, subject, url)
    size = _read_size(response)
    return _parse_stored(response) if size <= limit else size


def _send(
    session: AuthorizedSession, subject: str, url: str, fields: Mapping[str, str], limit: int | None
) -> CurlResponse | None:
    """Return the response; None if there is no object.

    :param limit: largest size of an object that has to arrive whole, in bytes; None: any size.
    """
    accepted = () if limit is None else (_NO_RANGE,)

    def attempt() -> CurlResponse:
        response = session.send(subject, CurlRequest("GET", url, fields), accepted=accepted)
        size = _read_size(response)
        if response.status != _NO_RANGE and (limit is None or size <= limit):
            _require_whole(response, size)
        return response

    try:
        return session.retry(subject, attempt)
    except NotFound:
        return None


def _read_size(response: CurlResponse) -> int:
    """Return the bytes of the whole object, of which the response can have a part."""
    total = response.get_field(b"content-range:").rpartition("/")[2]
    return int(total) if total else len(response.body)


def _require_whole(response: CurlResponse, size: int) -> None:
    """Raise :class:`RetryableError` if the response does not have all bytes of the object."""
    hashes = response.get_field(b"x-goog-hash:")
    if len(response.body) != size or not has_checksum(response.body, hashes):
        raise RetryableError("the bytes do not have the checksum of the object")


def _parse_stored(response: CurlResponse) -> StoredObject:
    generation = Generation(int(response.get_field(b"x-goog-generation:")))
    return StoredObject(generation=generation, data=response.body)
