"""Reads by the XML API: ``GET`` and ``HEAD`` of ``/<bucket>/<object>``.

https://cloud.google.com/storage/docs/xml-api/get-object-download
"""

from local.stand_ins.storage import errors
from local.stand_ins.storage.core import FakeStorage
from local.stand_ins.storage.http import reads
from local.stand_ins.storage.http.api_calls import Call
from local.stand_ins.storage.http.wire import Request, WireResponse, xml_error
from local.stand_ins.storage.preconditions import Preconditions


def resolve(storage: FakeStorage, request: Request) -> Call:
    """Return the call of a request; slashes in an object name can be unquoted.

    :raises StorageError: 400, for an unsupported request.
    """
    bucket, name = request.path[0], "/".join(request.path[1:])
    head = request.method == "HEAD"
    if not (head or request.method == "GET") or not name:
        raise errors.not_supported(f"{request.method} of the XML API")

    def read() -> WireResponse:
        conditions = Preconditions.from_headers(request.headers)
        version = storage.get(bucket, name, request.number("generation"), conditions)
        return reads.respond(version, request.headers, "xml", head=head)

    return Call(f"xml.{request.method.lower()}", bucket, name, read, xml_error)
