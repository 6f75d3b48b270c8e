"""OpenID provider on the loopback: discovery, keys, and ID tokens of any claims.

In ``with LocalIssuer(TlsFiles.create(folder)) as issuer:`` services trust ``issuer.url`` if they
trust its authority (``SSL_CERT_FILE``), and the test signs ID tokens by ``issuer.sign(…)``.
"""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from testing.oidc.tls_files import TlsFiles

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/keys"
LIFETIME = 600
"""Seconds until an ID token expires."""

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def generate_keys() -> Mapping[str, SigningKey]:
    return {
        "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
    }


@dataclass(frozen=True)
class IssuerResponse:
    """Response of the issuer; the connection is closed after it."""

    body: Iterable[bytes] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: object) -> Self:
        return cls([json.dumps(document).encode()])


class LocalIssuer:
    """A context manager that serves an OpenID provider over TLS.

    :param keys: the published keys; default: new ones, called ``rsa`` and ``ec``.
    :param port: 0 takes a free port.
    """

    def __init__(
        self, files: TlsFiles, keys: Mapping[str, SigningKey] | None = None, port: int = 0
    ) -> None:
        self.files = files
        self.keys = dict(keys or generate_keys())
        """Published keys by key id; a test adds, replaces and removes them."""
        self.requests: list[str] = []
        """Paths of all requests."""
        self.overrides: dict[str, Callable[[], IssuerResponse]] = {}
        """Responses that replace the default one, by path."""
        self._server = _TlsServer(files, port, self._respond)
        self.url = f"https://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="testing.oidc", daemon=True
        )

    def sign(
        self,
        claims: Mapping[str, object],
        *,
        kid: str | None = "rsa",
        key: SigningKey | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> str:
        """Return an ID token of this issuer.

        :param claims: claims that replace the default ones; None removes a claim.
        :param key: the key of the signature; default: the one called ``kid``.
        :param header: fields that replace those of the header.
        """
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + LIFETIME}
        payload = {"iss": self.url, **times, **claims}
        key = key or self.keys[kid or "rsa"]
        return jwt.encode(
            {name: value for name, value in payload.items() if value is not None},
            key,
            algorithm="RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256",
            headers={**({} if kid is None else {"kid": kid}), **(header or {})},
        )

    def describe_keys(self) -> dict[str, object]:
        """Return the JSON Web Key Set (RFC 7517)."""
        return {"keys": [_describe_key(kid, key) for kid, key in self.keys.items()]}

    def _respond(self, path: str) -> IssuerResponse:
        self.requests.append(path)
        if path in self.overrides:
            return self.overrides[path]()
        if path == DISCOVERY:
            return IssuerResponse.from_json({"issuer": self.url, "jwks_uri": self.url + JWKS})
        if path == JWKS:
            return IssuerResponse.from_json(self.describe_keys())
        return IssuerResponse(status=404)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _TlsServer(ThreadingHTTPServer):
    """HTTP server with TLS and a thread per connection. Its end waits for the threads."""

    daemon_threads = False

    def __init__(
        self, files: TlsFiles, port: int, respond: Callable[[str], IssuerResponse]
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.respond = respond
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(files.certificate, files.key)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        wrapped = self._context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        return wrapped, address

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnects or does not trust the certificate."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def do_GET(self) -> None:
        assert isinstance(self.server, _TlsServer)
        response = self.server.respond(self.path.partition("?")[0])
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the client has disconnected
            for chunk in response.body:
                self.wfile.write(chunk)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""


def _describe_key(kid: str, key: SigningKey) -> dict[str, object]:
    """Return the public part of a key as a JSON Web Key."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        text, algorithm = RSAAlgorithm.to_jwk(public), "RS256"
    else:
        text, algorithm = ECAlgorithm.to_jwk(public), "ES256"
    return {**json.loads(text), "kid": kid, "alg": algorithm, "use": "sig"}
