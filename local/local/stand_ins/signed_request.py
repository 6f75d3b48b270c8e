"""Verification of the V4 signature of a request, as Cloud Storage does it.

https://cloud.google.com/storage/docs/access-control/signed-urls
https://cloud.google.com/storage/docs/xml-api/reference-status
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cloud.signing import ALGORITHM, build_string_to_sign

_LONGEST = 7 * 24 * 3600
"""Longest validity of a URL, in seconds."""
_SKEW = timedelta(minutes=15)
"""Tolerance for clocks that are ahead."""


class XmlError(Exception):
    """Error of the XML API.

    :param code: the code, for example ``SignatureDoesNotMatch``.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class SignedParameters:
    """Parameters of the signature in the query."""

    algorithm: str
    credential: str
    date: str
    expires: str
    signed_headers: str
    signature: str

    @classmethod
    def parse(cls, query: str) -> "SignedParameters":
        """Return the parameters of a query.

        :raises XmlError: if one is missing, or there twice.
        """
        names = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
        pairs = parse_qsl(query, keep_blank_values=True)
        found = [[value for key, value in pairs if key == f"X-Goog-{name}"] for name in names]
        for name, values in zip(names, found, strict=True):
            if len(values) != 1:
                raise XmlError(403, "AccessDenied", f"Access denied: one X-Goog-{name} is needed.")
        return cls(*(values[0] for values in found))

    @property
    def account(self) -> str:
        """E-mail address of the signing service account."""
        return self.credential.partition("/")[0]

    @property
    def scope(self) -> str:
        """Credential scope: date, location, service, request type."""
        return self.credential.partition("/")[2]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """Request line and header fields, as they were sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Values by name in lower case."""


def verify_request(
    request: ReceivedRequest,
    parameters: SignedParameters,
    keys: Sequence[rsa.RSAPublicKey],
    now: datetime,
) -> None:
    """Check the signature of a request, and its time.

    :param keys: the published keys of the service account.
    :raises XmlError: if the signature does not permit the request.
    """
    if parameters.algorithm != ALGORITHM:
        raise XmlError(400, "InvalidArgument", f"X-Goog-Algorithm must be {ALGORITHM}.")
    signed_at = _verify_time(parameters, now)
    signed = _select_headers(request, parameters.signed_headers.split(";"))
    text = build_string_to_sign(
        request.method,
        request.path,
        _remove_signature(request.query),
        signed,
        signed_at,
        parameters.scope,
    )
    if not any(_is_signature_of(key, parameters.signature, text) for key in keys):
        message = "Access denied. The request signature does not match the request."
        raise XmlError(403, "SignatureDoesNotMatch", message)


def _verify_time(parameters: SignedParameters, now: datetime) -> datetime:
    """Return the time of the signature; check it and the validity."""
    try:
        signed_at = datetime.strptime(parameters.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        valid = int(parameters.expires)
    except ValueError:
        raise XmlError(400, "InvalidArgument", "X-Goog-Date or X-Goog-Expires is wrong.") from None
    if parameters.scope != f"{signed_at:%Y%m%d}/auto/storage/goog4_request":
        raise XmlError(400, "InvalidArgument", "The scope of X-Goog-Credential is wrong.")
    if not 1 <= valid <= _LONGEST:
        raise XmlError(400, "InvalidArgument", f"X-Goog-Expires must be 1 to {_LONGEST}.")
    if now > signed_at + timedelta(seconds=valid):
        end = signed_at + timedelta(seconds=valid)
        raise XmlError(400, "ExpiredToken", f"Request signature expired at: {end.isoformat()}")
    if signed_at > now + _SKEW:
        raise XmlError(403, "RequestTimeTooSkewed", "X-Goog-Date is in the future.")
    return signed_at


def _select_headers(request: ReceivedRequest, names: Sequence[str]) -> Mapping[str, str]:
    """Return the signed header fields; check that all fields that need it are signed."""
    needed = {"host", *(name for name in request.headers if name.startswith("x-goog-"))}
    for name in sorted(needed.difference(names)):
        message = f"Header was not included in signedheaders, but must be: {name}"
        raise XmlError(400, "MalformedSecurityHeader", message)
    for name in names:
        if name not in request.headers:
            message = f"Header was included in signedheaders, but not in the request: {name}"
            raise XmlError(400, "MalformedSecurityHeader", message)
    return {name: request.headers[name] for name in names}


def _remove_signature(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    rest = sorted(pair for pair in pairs if pair[0] != "X-Goog-Signature")
    return urlencode(rest, quote_via=quote, safe="~")


def _is_signature_of(key: rsa.RSAPublicKey, signature: str, text: bytes) -> bool:
    try:
        key.verify(bytes.fromhex(signature), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public_key(description: Mapping[str, str]) -> rsa.RSAPublicKey:
    """Return a key in the form of RFC 7517."""
    modulus, exponent = (_read_number(description[name]) for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _read_number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
