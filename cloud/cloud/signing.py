"""V4 signed URLs of Cloud Storage without a private key: IAM signs for the service account.

https://cloud.google.com/storage/docs/authentication/signatures
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.iam import Signer
from google.auth.transport import Request, requests

from cloud.errors import Unavailable
from cloud.identity import SIGN, find_credentials
from cloud.ports import NO_METADATA

ORIGIN = "https://storage.googleapis.com"
ALGORITHM = "GOOG4-RSA-SHA256"

Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """Request that a signed URL permits without further credentials."""

    bucket: str
    name: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=lambda: NO_METADATA)
    """Header fields, apart from ``Host``. The client must send them with exactly these values."""
    origin: str = ORIGIN
    """Scheme and host of the URL."""


def create_put_headers(
    content_type: str, largest: int, metadata: Mapping[str, str]
) -> Mapping[str, str]:
    """Return the header fields of a PUT that creates an object and replaces none.

    https://cloud.google.com/storage/docs/xml-api/reference-headers

    :param largest: greatest size of the object, in bytes.
    :param metadata: the custom metadata of the object, in ASCII.
    """
    return {
        "content-type": content_type,
        "x-goog-content-length-range": f"0,{largest}",
        "x-goog-if-generation-match": "0",
        **{f"x-goog-meta-{name}": value for name, value in metadata.items()},
    }


def generate_signed_url(
    request: SignedRequest, *, signer: str, sign: Sign, now: datetime, valid: int
) -> str:
    """Return the URL for a request without further credentials.

    :param signer: the e-mail address of the signing service account.
    :param sign: returns the signature of bytes by RSA and SHA-256.
    :param valid: seconds of validity, at most 12 hours with a signature of IAM.
    """
    scope = f"{now:%Y%m%d}/auto/storage/goog4_request"
    path = f"/{request.bucket}/{quote(request.name, safe='/~')}"
    headers = {"host": urlsplit(request.origin).netloc, **request.headers}
    query = _encode_query(
        {
            "X-Goog-Algorithm": ALGORITHM,
            "X-Goog-Credential": f"{signer}/{scope}",
            "X-Goog-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Goog-Expires": str(valid),
            "X-Goog-SignedHeaders": ";".join(sorted(headers)),
        }
    )
    text = build_string_to_sign(request.method, path, query, headers, now, scope)
    return f"{request.origin}{path}?{query}&X-Goog-Signature={sign(text).hex()}"


def build_string_to_sign(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    now: datetime,
    scope: str,
) -> bytes:
    """Return the bytes of a V4 signature.

    https://cloud.google.com/storage/docs/authentication/canonical-requests

    :param path: the encoded path with the bucket.
    :param query: the sorted and encoded query without the signature.
    :param headers: values of the signed header fields, by name in lower case.
    :param now: time of the signature.
    """
    names = sorted(headers)
    fields = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    request = f"{method}\n{path}\n{query}\n{fields}\n{';'.join(names)}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    return f"{ALGORITHM}\n{now:%Y%m%dT%H%M%SZ}\n{scope}\n{digest}".encode()


def _encode_query(parameters: Mapping[str, str]) -> str:
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="~")


class UrlSigner:
    """Signer with the service account of this service, which can sign for itself only.

    :param bucket: the bucket of the objects.
    :param valid: seconds of validity of a URL.
    :param credentials: the credentials; None: those of the environment.
    :param origin: scheme and host of the URLs.
    """

    def __init__(
        self,
        bucket: str,
        valid: int,
        credentials: Credentials | None = None,
        transport: Callable[[], Request] = requests.Request,
        origin: str = ORIGIN,
    ) -> None:
        self._bucket, self._valid, self._origin = bucket, valid, origin
        self._credentials, self._transport = credentials, transport

    async def sign(self, name: str) -> str:
        """Return the URL for GET of an object.

        :raises Unavailable: if IAM does not sign it.
        """
        request = SignedRequest(self._bucket, name, origin=self._origin)
        return await asyncio.to_thread(self._sign, request)

    async def sign_put(self, name: str, headers: Mapping[str, str]) -> str:
        """Return the URL for PUT of an object with these header fields.

        :raises Unavailable: if IAM does not sign it.
        """
        request = SignedRequest(self._bucket, name, "PUT", headers, self._origin)
        return await asyncio.to_thread(self._sign, request)

    def _sign(self, signed: SignedRequest) -> str:
        request = self._transport()
        try:
            credentials = self._credentials = self._credentials or find_credentials(SIGN)
            if not credentials.valid:  # the e-mail address is absent before the first refresh
                credentials.refresh(request)  # type: ignore[no-untyped-call]  # google-auth's
            email = getattr(credentials, "service_account_email", "")
            signer = Signer(request, credentials, email)  # type: ignore[no-untyped-call]
            return generate_signed_url(
                signed,
                signer=email,
                sign=signer.sign,
                now=datetime.now(UTC),
                valid=self._valid,
            )
        except GoogleAuthError as error:
            raise Unavailable(
                f"gs://{self._bucket}/{signed.name}", f"cannot sign the URL: {error}"
            ) from error


class _LocalAccount(AnonymousCredentials):
    """Credentials of a service account in the stand-in of IAM."""

    def __init__(self, email: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth's
        self.service_account_email = email


class _LocalRequest(requests.Request):
    """Transport to a stand-in of IAM, because google-auth has no setting for its address."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def __call__(self, url: str, *arguments: object, **options: object) -> object:
        """Send the request to the stand-in."""
        return super().__call__(self._origin + urlsplit(url).path, *arguments, **options)  # type: ignore[no-untyped-call]


def connect_signer(
    bucket: str, valid: int, emulator_host: str, account: str, origin: str
) -> UrlSigner:
    """Return a signer with a stand-in of IAM, without a request.

    :param emulator_host: ``host:port`` or URL of the stand-in.
    :param account: the e-mail address of the service account.
    :param origin: scheme and host of the URLs: those of a stand-in of Cloud Storage.
    """
    iam = (emulator_host if "://" in emulator_host else f"http://{emulator_host}").rstrip("/")
    return UrlSigner(bucket, valid, _LocalAccount(account), lambda: _LocalRequest(iam), origin)
