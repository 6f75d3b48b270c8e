"""V4 signed URLs of Cloud Storage without a private key: IAM signs for the service account.

https://cloud.google.com/storage/docs/authentication/signatures
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
"""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.iam import Signer
from google.auth.transport import Request, requests

from cloud.errors import Unavailable
from cloud.identity import SIGN, find_credentials

HOST = "storage.googleapis.com"
_ALGORITHM = "GOOG4-RSA-SHA256"

Sign = Callable[[bytes], bytes]


def generate_signed_url(
    bucket: str,
    name: str,
    *,
    signer: str,
    sign: Sign,
    now: datetime,
    valid: int,
) -> str:
    """Return a URL for GET of an object without further credentials.

    :param signer: the e-mail address of the signing service account.
    :param sign: returns the signature of bytes by RSA and SHA-256.
    :param valid: seconds of validity, at most 12 hours with a signature of IAM.
    """
    scope = f"{now:%Y%m%d}/auto/storage/goog4_request"
    path = f"/{bucket}/{quote(name, safe='/~')}"
    query = _encode_query(
        {
            "X-Goog-Algorithm": _ALGORITHM,
            "X-Goog-Credential": f"{signer}/{scope}",
            "X-Goog-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Goog-Expires": str(valid),
            "X-Goog-SignedHeaders": "host",
        }
    )
    request = f"GET\n{path}\n{query}\nhost:{HOST}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{_ALGORITHM}\n{now:%Y%m%dT%H%M%SZ}\n{scope}\n{digest}"
    return f"https://{HOST}{path}?{query}&X-Goog-Signature={sign(text.encode()).hex()}"


def _encode_query(parameters: dict[str, str]) -> str:
    return urlencode(sorted(parameters.items()), quote_via=quote, safe="~")


class UrlSigner:
    """Signer with the service account of this service, which can sign for itself only.

    :param bucket: the bucket of the objects.
    :param valid: seconds of validity of a URL.
    :param credentials: the credentials; None: those of the environment.
    """

    def __init__(
        self,
        bucket: str,
        valid: int,
        credentials: Credentials | None = None,
        transport: Callable[[], Request] = requests.Request,
    ) -> None:
        self._bucket, self._valid = bucket, valid
        self._credentials, self._transport = credentials, transport

    async def sign(self, name: str) -> str:
        """Return the URL of an object.

        :raises Unavailable: if IAM does not sign it.
        """
        return await asyncio.to_thread(self._sign, name)

    def _sign(self, name: str) -> str:
        request = self._transport()
        try:
            credentials = self._credentials = self._credentials or find_credentials(SIGN)
            if not credentials.valid:  # the e-mail address is absent before the first refresh
                credentials.refresh(request)  # type: ignore[no-untyped-call]  # google-auth's
            email = getattr(credentials, "service_account_email", "")
            signer = Signer(request, credentials, email)  # type: ignore[no-untyped-call]
            return generate_signed_url(
                self._bucket,
                name,
                signer=email,
                sign=signer.sign,
                now=datetime.now(UTC),
                valid=self._valid,
            )
        except GoogleAuthError as error:
            raise Unavailable(
                f"gs://{self._bucket}/{name}", f"cannot sign the URL: {error}"
            ) from error
