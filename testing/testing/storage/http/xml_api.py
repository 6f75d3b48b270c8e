"""The reading part of the XML API: ``GET`` and ``HEAD`` of ``/<bucket>/<object>``.

https://cloud.google.com/storage/docs/xml-api/get-object-download
"""

from testing.storage import errors
from testing.storage.core import Storage
from testing.storage.http import reads
from testing.storage.http.calls import Call
from testing.storage.http.wire import Answer, Request, xml_error
from testing.storage.preconditions import Preconditions


def resolve(storage: Storage, request: Request) -> Call:
    """:raises StorageError: 400, for what is not served. Slashes in a name may be bare here."""
    bucket, name = request.path[0], "/".join(request.path[1:])
    head = request.method == "HEAD"
    if not (head or request.method == "GET") or not name:
        raise errors.not_served(f"{request.method} of the XML API")

    def read() -> Answer:
        conditions = Preconditions.of_headers(request.headers)
        version = storage.get(bucket, name, request.number("generation"), conditions)
        return reads.media(version, request.headers, "xml", head=head)

    return Call(f"xml.{request.method.lower()}", bucket, name, read, xml_error)
