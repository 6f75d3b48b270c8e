"""A request, as much of it as matters here."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proxy.errors import AddressTooLong, HeadersTooLarge, MethodNotAllowed
from proxy.negotiation import negotiate

LONGEST_ADDRESS = 2048
"""Bytes of path and query; the longest file name has 255."""
LARGEST_HEADERS = 32 * 1024
"""Bytes of all header fields."""

_CLIENT = re.compile(r"([\w.-]{1,64})/([\w.+!-]{1,64})", re.ASCII)


class Request(NamedTuple):
    """What a client asks."""

    method: str
    raw_path: bytes
    """As it came over the wire, undecoded."""
    query: str
    headers: Mapping[str, str]
    """By lower-case name; repeated fields are joined by commas (RFC 9110 §5.3)."""

    def check_limits(self) -> None:
        """Refuse what no client of ours sends.

        :raises MethodNotAllowed: if it wants to change something.
        :raises AddressTooLong: if its address is too long.
        :raises HeadersTooLarge: if its header fields are too large.
        """
        if self.method not in ("GET", "HEAD"):
            raise MethodNotAllowed
        if len(self.raw_path) + len(self.query) > LONGEST_ADDRESS:
            raise AddressTooLong
        if sum(map(len, self.headers)) + sum(map(len, self.headers.values())) > LARGEST_HEADERS:
            raise HeadersTooLarge

    def media_type(self) -> str:
        """The representation of a page that the client takes.

        :raises NotAcceptable: if it takes none.
        """
        return negotiate(self.headers.get("accept", ""), self.query)

    def is_plain_get(self) -> bool:
        """Whether it is for the whole, whatever the client has already."""
        return self.method == "GET" and self.headers.keys().isdisjoint(("range", "if-none-match"))

    def client(self) -> tuple[str, str] | tuple[None, None]:
        """The client and its version, as the first product of ``User-Agent`` (RFC 9110 §10.1.5)."""
        match = _CLIENT.match(self.headers.get("user-agent", ""))
        return (match[1], match[2]) if match else (None, None)


def joined(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header fields by name."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in fields:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
