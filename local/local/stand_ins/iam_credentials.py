"""IAM Service Account Credentials with a key made at the start, and its published part.

``python -m local.stand_ins.iam_credentials --port 8089``. It signs for any account, without
credentials. A program that serves more than this adds :func:`create_routes` to its application.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts
"""

import argparse
import base64
import json
import time
from collections.abc import Sequence
from hashlib import sha256
from json import JSONDecodeError

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.plain_logs import log_to_stdout

_ACCOUNT = "/v1/projects/-/serviceAccounts/{email:[^/:]+}"
_LONGEST_LIFE = 12 * 3600
"""Seconds from now to the latest ``exp`` of a JWT that IAM signs."""


class SigningKey:
    """RSA key of all service accounts of this process."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._numbers = self._private.public_key().public_numbers()
        self.id = sha256(f"{self._numbers.n:x}".encode()).hexdigest()[:40]
        """Id of the key, as in the header of a JWT."""

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        """Key that verifies the signatures."""
        return self._private.public_key()

    def sign(self, data: bytes) -> bytes:
        """Return the signature by RSA (PKCS #1 v1.5) and SHA-256."""
        return self._private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def sign_jwt(self, payload: str) -> str:
        """Return a JWT with this payload, a JSON object as text (RFC 7519)."""
        header = json.dumps({"alg": "RS256", "kid": self.id, "typ": "JWT"})
        text = b".".join(_encode(each.encode()) for each in (header, payload))
        return b".".join((text, _encode(self.sign(text)))).decode()

    def describe(self) -> dict[str, str]:
        """Return the public key in the form of RFC 7517."""
        numbers = {"n": self._numbers.n, "e": self._numbers.e}
        encoded = {
            name: _encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode()
            for name, number in numbers.items()
        }
        return {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": self.id, **encoded}


def create_routes(key: SigningKey) -> Sequence[web.RouteDef]:
    """Return the routes: ``signBlob``, ``signJwt`` and the published keys of an account."""

    async def sign_blob(request: web.Request) -> web.Response:
        try:
            blob = base64.b64decode((await _read_payload(request)).encode(), validate=True)
        except ValueError as error:
            raise _refuse("Invalid value at 'payload' (TYPE_BYTES): no Base64") from error
        signature = base64.b64encode(key.sign(blob)).decode()
        return web.json_response({"keyId": key.id, "signedBlob": signature})

    async def sign_jwt(request: web.Request) -> web.Response:
        payload = await _read_payload(request)
        _check_claims(payload)
        return web.json_response({"keyId": key.id, "signedJwt": key.sign_jwt(payload)})

    async def list_keys(_: web.Request) -> web.Response:
        return web.json_response({"keys": [key.describe()]})

    return [
        web.post(f"{_ACCOUNT}:signBlob", sign_blob),
        web.post(f"{_ACCOUNT}:signJwt", sign_jwt),
        web.get("/service_accounts/v1/jwk/{email}", list_keys),
    ]


async def _read_payload(request: web.Request) -> str:
    try:
        body = await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        body = None
    payload = body.get("payload") if isinstance(body, dict) else None
    if not isinstance(payload, str) or not payload:
        raise _refuse("The request has no payload.")
    return payload


def _check_claims(payload: str) -> None:
    try:
        claims = json.loads(payload)
    except JSONDecodeError:
        claims = None
    if not isinstance(claims, dict):
        raise _refuse("The payload is not a JSON object.")
    latest = time.time() + _LONGEST_LIFE
    if not isinstance(end := claims.get("exp", latest), int | float) or end > latest:
        raise _refuse("The expiration time (exp) is more than 12 hours from now.")


def _refuse(message: str) -> web.HTTPBadRequest:
    """Return an error in the form of Google's APIs.

    https://cloud.google.com/apis/design/errors
    """
    error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
    return web.HTTPBadRequest(text=json.dumps({"error": error}), content_type="application/json")


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def create_app(key: SigningKey) -> web.Application:
    """Return the application."""
    app = web.Application()
    app.add_routes(create_routes(key))
    return app


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(
        prog="python -m local.stand_ins.iam_credentials", description=__doc__
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089)
    options = parser.parse_args()
    log_to_stdout()
    web.run_app(create_app(SigningKey()), host=options.host, port=options.port, print=None)


if __name__ == "__main__":
    main()
