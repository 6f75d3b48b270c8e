"""Signed PUT requests of Cloud Storage: ``python -m local.stand_ins.signed_put``.

fake-gcs-server neither verifies a signature nor has the conditions of the XML API. This program
does both, and stores the bytes by an upload of the JSON API, while they arrive.

https://cloud.google.com/storage/docs/xml-api/put-object-upload
"""

import argparse
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote, urlencode
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from local.plain_logs import log_to_stdout
from local.stand_ins.signed_request import (
    ReceivedRequest,
    SignedParameters,
    XmlError,
    read_public_key,
    verify_request,
)

_CHUNK = 256 * 1024
_META = "x-goog-meta-"
_CONDITIONS = {"x-goog-if-generation-match", "x-goog-content-length-range"}

Clock = Callable[[], datetime]


class SignedPut:
    """Handler of PUT.

    :param storage: URL of the storage server.
    :param signer: URL of the stand-in for IAM, which publishes the keys of its accounts.
    """

    def __init__(self, storage: str, signer: str, clock: Clock) -> None:
        self._storage, self._signer, self._clock = storage.rstrip("/"), signer.rstrip("/"), clock
        self._http: aiohttp.ClientSession

    async def run_session(self, _: web.Application) -> AsyncIterator[None]:
        """Open the session for the requests to both servers, and close it at the end."""
        no_limit, no_cookies = aiohttp.ClientTimeout(total=None), aiohttp.DummyCookieJar()
        async with aiohttp.ClientSession(timeout=no_limit, cookie_jar=no_cookies) as self._http:
            yield

    async def put(self, request: web.Request) -> web.Response:
        """Store an object if the signature permits it."""
        try:
            await self._verify(request)
            size = _check_size(request)
            _check_fields(request.headers)
            return await self._store(request, size)
        except XmlError as error:
            return _create_error(error)

    async def _verify(self, request: web.Request) -> None:
        path, _, query = request.raw_path.partition("?")
        headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
        parameters = SignedParameters.parse(query)
        keys = await self._fetch_keys(parameters.account)
        received = ReceivedRequest(request.method, path, query, headers)
        verify_request(received, parameters, keys, self._clock())

    async def _fetch_keys(self, account: str) -> Sequence[rsa.RSAPublicKey]:
        """Return the published keys of a service account (RFC 7517)."""
        url = f"{self._signer}/service_accounts/v1/jwk/{quote(account, safe='@')}"
        async with self._http.get(url) as response:
            if response.status != web.HTTPOk.status_code:
                raise XmlError(403, "AccessDenied", f"There is no service account {account}.")
            published = await response.json()
        return [read_public_key(each) for each in published["keys"]]

    async def _store(self, request: web.Request, size: int) -> web.Response:
        bucket, name = (unquote(part) for part in _split_path(request.raw_path))
        head, tail, boundary = _make_frame(name, request.headers)
        query = {"uploadType": "multipart", "name": name}
        if condition := request.headers.get("x-goog-if-generation-match"):
            query["ifGenerationMatch"] = condition
        url = f"{self._storage}/upload/storage/v1/b/{quote(bucket, safe='')}/o?{urlencode(query)}"
        headers = {
            "content-type": f"multipart/related; boundary={boundary}",
            "content-length": str(len(head) + size + len(tail)),
        }
        body = _frame(head, request, tail)
        async with self._http.post(url, data=body, headers=headers) as response:
            if response.status != web.HTTPOk.status_code:
                raise _translate_status(response.status, await response.text())
            stored = await response.json()
        return web.Response(headers={"x-goog-generation": str(stored["generation"])})


def _split_path(raw_path: str) -> tuple[str, str]:
    """Return the encoded bucket and name of an object."""
    bucket, _, name = raw_path.partition("?")[0].removeprefix("/").partition("/")
    if not bucket or not name:
        raise XmlError(400, "InvalidURI", "The path needs a bucket and the name of an object.")
    return bucket, name


def _check_size(request: web.Request) -> int:
    """Return the size of the object; check it against the signed range."""
    size = request.content_length
    if size is None:
        raise XmlError(411, "MissingContentLength", "You must provide the Content-Length.")
    if text := request.headers.get("x-goog-content-length-range"):
        try:
            least, greatest = (int(number) for number in text.split(","))
        except ValueError:
            message = "x-goog-content-length-range must be two numbers."
            raise XmlError(400, "InvalidArgument", message) from None
        if size > greatest:
            raise XmlError(400, "EntityTooLarge", f"The upload has {size} bytes, over {greatest}.")
        if size < least:
            raise XmlError(400, "EntityTooSmall", f"The upload has {size} bytes, under {least}.")
    return size


def _check_fields(headers: Mapping[str, str]) -> None:
    """Refuse the fields of Cloud Storage that this program would ignore."""
    for name in map(str.lower, headers):
        if name.startswith("x-goog-") and not name.startswith(_META) and name not in _CONDITIONS:
            raise XmlError(400, "NotImplemented", f"The local stand-in does not support {name}.")


def _make_frame(name: str, headers: Mapping[str, str]) -> tuple[bytes, bytes, str]:
    """Return the bytes before and after the content, and the boundary.

    https://cloud.google.com/storage/docs/uploading-objects-from-memory
    """
    boundary = secrets.token_hex(16)
    resource = {
        "name": name,
        "contentType": headers.get("content-type", "application/octet-stream"),
        "metadata": {
            field.lower().removeprefix(_META): value
            for field, value in headers.items()
            if field.lower().startswith(_META)
        },
    }
    head = (
        f"--{boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps(resource)}\r\n--{boundary}\r\n"
        f"content-type: {resource['contentType']}\r\n\r\n"
    )
    return head.encode(), f"\r\n--{boundary}--\r\n".encode(), boundary


async def _frame(head: bytes, request: web.Request, tail: bytes) -> AsyncIterator[bytes]:
    yield head
    async for chunk in request.content.iter_chunked(_CHUNK):
        yield chunk
    yield tail


def _translate_status(status: int, text: str) -> XmlError:
    """Return the error of the XML API for one of the JSON API."""
    if status == web.HTTPPreconditionFailed.status_code:
        message = "At least one of the pre-conditions you specified did not hold."
        return XmlError(status, "PreconditionFailed", message)
    if status == web.HTTPNotFound.status_code:
        return XmlError(status, "NoSuchBucket", "The specified bucket does not exist.")
    return XmlError(503, "ServiceUnavailable", f"The storage server answered {status}: {text}")


def _create_error(error: XmlError) -> web.Response:
    text = (
        f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{error.code}</Code>"
        f"<Message>{escape(error.message)}</Message></Error>"
    )
    return web.Response(status=error.status, text=text, content_type="application/xml")


def _read_now() -> datetime:
    return datetime.now(UTC)


def create_app(storage: str, signer: str, clock: Clock = _read_now) -> web.Application:
    """Return the application.

    :param storage: URL of the storage server.
    :param signer: URL of the stand-in for IAM, which publishes the keys.
    """
    handler = SignedPut(storage, signer, clock)
    app = web.Application()
    app.cleanup_ctx.append(handler.run_session)
    app.router.add_get("/health", _report_health)
    app.router.add_put("/{path:.*}", handler.put)
    return app


async def _report_health(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.stand_ins.signed_put")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--storage", default="http://127.0.0.1:4443", help="URL of Cloud Storage")
    parser.add_argument("--signer", default="http://127.0.0.1:8090", help="URL of IAM")
    options = parser.parse_args()
    log_to_stdout()
    app = create_app(options.storage, options.signer)
    web.run_app(app, host=options.host, port=options.port, print=None)


if __name__ == "__main__":
    main()
