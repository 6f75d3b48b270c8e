"""The reading part of the XML API: ``GET`` and ``HEAD`` of ``/<bucket>/<object>``.

https://cloud.google.com/storage/docs/xml-api/get-object-download
"""

from fakes.storage import errors, reads
from fakes.storage.calls import Call
from fakes.storage.core import Storage
from fakes.storage.preconditions import Preconditions
from fakes.storage.wire import Answer, Request, xml_error


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
