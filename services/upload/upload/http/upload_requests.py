"""Requests to the upload service: the request of Starlette with limits, log facts and body."""

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from upload.http.errors import CrossSiteRequest, LargeHeaders, LongUrl
from upload.http.request_body import RequestBody
from upload.http.upload_log import UploadFacts

_LONGEST_URL = 2048
"""Maximum length of path and query, in bytes."""
_LARGEST_HEADERS = 32 * 1024
"""Maximum size of all header fields together, in bytes."""


class UploadRequest(Request):
    """Request to the upload service."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, idle_timeout: float) -> None:
        super().__init__(scope, receive, send)
        self.facts = UploadFacts.from_scope(scope)
        """Facts for the access log."""
        self.content = RequestBody(receive, idle_timeout)
        """The body."""

    @property
    def wants_problem(self) -> bool:
        """Whether the client shows ``application/problem+json`` to its user (RFC 9457).

        uv shows it, although its ``Accept`` does not name it.
        """
        fields = self.headers
        is_uv = fields.get("user-agent", "").startswith("uv/")
        return is_uv or "application/problem+json" in fields.get("accept", "").lower()

    @property
    def is_waiting_to_send(self) -> bool:
        """Whether the client still waits for an interim response (RFC 9110 §10.1.1).

        It has one, and sends its body, as soon as a handler has read from the body.
        """
        is_first = self.content.received == 0
        return is_first and self.headers.get("expect", "").lower() == "100-continue"

    def check_limits(self) -> None:
        """Refuse requests outside the limits, and requests that other sites cause in browsers.

        :raises LongUrl: if path and query exceed 2048 bytes.
        :raises LargeHeaders: if the header fields exceed 32 KiB.
        :raises CrossSiteRequest: if ``Sec-Fetch-Site`` names another site.
        """
        scope = self.scope
        if len(scope["raw_path"]) + len(scope["query_string"]) > _LONGEST_URL:
            raise LongUrl(f"the URL is longer than {_LONGEST_URL} bytes: use the publish URL as is")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > _LARGEST_HEADERS:
            raise LargeHeaders(f"the header fields are larger than {_LARGEST_HEADERS} bytes")
        if self.headers.get("sec-fetch-site", "").lower() == "cross-site":
            raise CrossSiteRequest(
                "a page of another site sent this request: publish with a tool such as uv or twine"
            )
