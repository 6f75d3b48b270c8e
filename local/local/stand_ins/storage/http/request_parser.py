"""Parser of the requests of one connection."""

from collections import deque
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import httptools

from local.stand_ins.storage.http.wire import Request

_PREFIXES = {("download", "storage"), ("resumable", "upload")}
"""Beginnings of paths with another first segment, which has no effect. gcloud uses both."""


class RequestParser:
    """Parser that collects the complete requests. httptools calls the methods ``on_…``."""

    def __init__(self) -> None:
        self.requests = deque[Request]()
        """Complete requests; the connection removes them."""
        self.is_receiving = False
        """Whether a part of a request is there."""
        self.expects_continue = False
        """Whether the client waits for a permission to send the body."""
        self._parser = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Parse the next bytes.

        :raises httptools.HttpParserError: if a request is malformed.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # a server may ignore this header, and the request is complete

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.is_receiving = True
        self._url, self._headers, self._body = b"", {}, []

    def on_url(self, url: bytes) -> None:
        """Add a part of the URL."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note whether the client waits."""
        self.expects_continue = self._headers.get("expect", "").lower() == "100-continue"

    def on_body(self, body: bytes) -> None:
        """Add a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Add the request."""
        self.is_receiving = self.expects_continue = False
        body, self._body = b"".join(self._body), []
        self.requests.append(self._make_request(body))

    def _make_request(self, body: bytes) -> Request:
        """Split the path before unquoting, so that an object name is one segment."""
        url = httptools.parse_url(self._url)
        segments = url.path.decode("latin-1").lstrip("/").split("/")
        if tuple(segments[:2]) in _PREFIXES:
            del segments[0]
        parser = self._parser
        return Request(
            parser.get_method().decode(),
            tuple(unquote(each) if "%" in each else each for each in segments),
            _parse_query(url.query) if url.query else {},
            self._headers,
            body,
            keep_alive=parser.should_keep_alive() and parser.get_http_version() != "1.0",
        )


@lru_cache(maxsize=64)
def _parse_query(query: bytes) -> Mapping[str, str]:
    """Return the parameters. Requests of one kind often have the same ones."""
    return dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
