"""Requests to the index: the request of Starlette with joined header fields and limits."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from proxy.http.access_log import AccessRecord
from proxy.http.errors import HeadersTooLarge, MethodNotAllowed, UrlTooLong
from proxy.http.locations import create_location
from proxy.http.negotiation import negotiate
from proxy.http.paths import parse_project
from proxy.http.responses import redirect_permanently
from schemas.names import ProjectName

LONGEST_URL = 2048
"""Maximum length of path and query, in bytes. The longest file name has 255 bytes."""
LARGEST_HEADERS = 32 * 1024
"""Maximum size of all header fields together, in bytes."""


class IndexRequest(Request):
    """Request to the index."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.record = AccessRecord.from_scope(scope)
        """Facts for the access log."""
        self.fields = join_fields(scope["headers"])
        """Header fields by lower-case name."""

    @property
    def query(self) -> str:
        """The query string, undecoded."""
        query: bytes = self.scope["query_string"]
        return query.decode("latin-1")

    @property
    def needs_length(self) -> bool:
        """Whether a body needs Content-Length: HTTP/1.0 has no chunks (RFC 9112 §6.1).

        Without the field, a client could not detect that a body ended early.
        """
        return bool(self.scope.get("http_version") == "1.0")

    @property
    def wants_newest(self) -> bool:
        """Whether the client accepts no page from memory (RFC 9111 §5.2.1.4).

        ``uv --refresh`` and the command ``gcpypi`` send this directive. pip sends ``max-age=0``
        with each request of a page, so that one has no effect.
        """
        wanted = self.fields.get("cache-control")
        return wanted is not None and "no-cache" in map(str.strip, wanted.lower().split(","))

    def check_limits(self) -> None:
        """Refuse requests outside the limits.

        :raises MethodNotAllowed: if the method is neither GET nor HEAD.
        :raises UrlTooLong: if path and query exceed :data:`LONGEST_URL`.
        :raises HeadersTooLarge: if the header fields exceed :data:`LARGEST_HEADERS`.
        """
        scope, fields = self.scope, self.fields
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_URL:
            raise UrlTooLong
        if sum(map(len, fields)) + sum(map(len, fields.values())) > LARGEST_HEADERS:
            raise HeadersTooLarge

    def find_project(self) -> ProjectName:
        """Return the normalised project in the path, and record it for the access log.

        :raises NotFound: if the segment is not the name of a project.
        """
        project = parse_project(self.path_params["project"])
        self.record.project = project
        return project

    def redirect_to(self, path: str) -> Response:
        """Return the permanent redirect to a path of the index, which is percent-encoded."""
        location = create_location(self.scope["raw_path"].decode("ascii"), path)
        return redirect_permanently(location, self.query)

    def negotiate_media_type(self) -> str:
        """Return the media type of the page to send.

        :raises NotAcceptable: if the client accepts no media type of the page.
        """
        return negotiate(self.fields.get("accept", ""), self.query)


def join_fields(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return header fields by lower-case name, repeated ones joined by commas (RFC 9110 §5.3)."""
    fields: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields
