"""Download of an issuer's keys (OpenID Connect Discovery 1.0).

https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from access.identities.json_web_keys import IssuerKeySet, parse_key_set
from cloud.errors import Unavailable, Unreadable

PATIENCE = 5.0
"""Seconds for the keys of an issuer, with the discovery."""
MAX_DOCUMENT = 256 * 1024
"""Maximum size of each of the two documents, in bytes."""
DISCOVERY = "/.well-known/openid-configuration"
KNOWN_KEYS: Mapping[str, str] = {
    "https://accounts.google.com": "https://www.googleapis.com/oauth2/v3/certs",
}
"""URLs of the keys of issuers with keys on another host. https://accounts.google.com/.well-known/openid-configuration"""


class KeyFetcher:
    """Client of issuers. It follows no redirect and sends no credential.

    :param context: TLS context; None: the authorities of the system, or of ``SSL_CERT_FILE``.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        """The aiohttp session. It belongs to the running loop, so the first request creates it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._context or True, limit=16),
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        if "_session" in self.__dict__:
            await self._session.close()

    async def fetch(self, issuer: str) -> IssuerKeySet:
        """Return the keys of an issuer.

        :raises Unavailable: if the issuer does not answer with 200 in time.
        :raises Unreadable: if a document is too large or invalid, or the keys are on another host.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                url = KNOWN_KEYS.get(issuer) or await self._discover(issuer)
                return parse_key_set(await self._read(url), url)
        except TimeoutError as error:
            raise Unavailable(issuer, f"no keys within {PATIENCE:g} s") from error
        except (aiohttp.ClientError, OSError, UnicodeError) as error:  # UnicodeError: no host name
            raise Unavailable(issuer, f"{type(error).__name__}: {error}") from error

    async def _discover(self, issuer: str) -> str:
        """Return the URL of the keys, from the configuration of the issuer."""
        url = issuer.rstrip("/") + DISCOVERY
        document = await self._read(url)
        found = document if isinstance(document, Mapping) else {}
        if found.get("issuer") != issuer:
            raise Unreadable(url, "it is the configuration of another issuer")
        keys = found.get("jwks_uri")
        if not isinstance(keys, str) or not _share_origin(keys, issuer):
            raise Unreadable(url, "jwks_uri should be an https URL on the host of the issuer")
        return keys

    async def _read(self, url: str) -> object:
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            if response.status != HTTPStatus.OK:
                raise Unavailable(url, f"status {response.status}, should be 200")
            data = bytearray()
            async for chunk in response.content.iter_any():
                data += chunk
                if len(data) > MAX_DOCUMENT:
                    raise Unreadable(url, f"larger than {MAX_DOCUMENT} bytes")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise Unreadable(url, "invalid JSON") from error


def _share_origin(url: str, issuer: str) -> bool:
    """Return whether ``url`` has the scheme, the host and the port of the issuer."""
    return url.isascii() and url.isprintable() and urlsplit(url)[:2] == urlsplit(issuer)[:2]
