"""Tests of ``local.stand_ins.signed_put`` with URLs that google-cloud-storage signs.

The storage is the strict fake of the tests; the end-to-end tests use that of the local runtime.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from google.auth.credentials import Signing
from google.cloud.storage._signing import generate_signed_url_v4
from yarl import URL

from cloud.signing import connect_signer, create_put_headers
from local.stand_ins.iam_credentials import SigningKey
from local.stand_ins.signed_put import create_app
from testing.fakes.iam_server import IamServer, run_iam
from testing.storage import StorageServer

EMAIL = "gcpypi-upload@gcpypi-local.iam.gserviceaccount.com"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "upload/acme/direct-1/alpha-1.0+cu1.tar.gz"
DATA = b"the bytes of the file"
HEADERS = create_put_headers("application/octet-stream", 100, {"sha256": "ab" * 32})
WAIT = 60.0
"""Timeout in seconds, against hanging."""


class LocalKey(Signing):
    """Credentials with a private key, as google-cloud-storage takes them."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def sign_bytes(self, message: bytes) -> bytes:
        return self._key.sign(message)

    @property
    def signer_email(self) -> str:
        return EMAIL

    @property
    def signer(self) -> None:
        return None


@dataclass
class Url:
    """URL of a PUT, signed by google-cloud-storage."""

    origin: str
    key: SigningKey
    name: str = NAME
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))
    valid: int = 900
    at: datetime = NOON

    def sign(self, method: str = "PUT") -> str:
        url: str = generate_signed_url_v4(
            LocalKey(self.key),
            f"/incoming/{quote(self.name, safe='/~')}",
            timedelta(seconds=self.valid),
            api_access_endpoint=self.origin,
            method=method,
            headers=dict(self.headers),
            _request_timestamp=f"{self.at:%Y%m%dT%H%M%SZ}",
        )
        return url


@dataclass
class StandIn:
    """Running stand-in, and the storage behind it."""

    origin: str
    server: StorageServer
    http: aiohttp.ClientSession
    iam: IamServer

    async def put(
        self, url: str, headers: dict[str, str] | None = None, data: bytes = DATA
    ) -> tuple[int, str]:
        """Send a PUT; return the status and the body."""
        fields = dict(HEADERS) if headers is None else headers
        # The URL is sent as it is, because yarl would encode it again.
        target = URL(url, encoded=True)
        async with self.http.put(target, data=data, headers=fields) as response:
            return response.status, await response.text()

    @property
    def names(self) -> list[str]:
        """Names of the stored objects."""
        return self.server.storage.bucket("incoming").names


@asynccontextmanager
async def _serve(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        yield running


@pytest.fixture
async def stand_in(server: StorageServer) -> AsyncIterator[StandIn]:
    server.storage.reset()
    server.storage.create_bucket("incoming")
    async with (
        run_iam() as iam,
        _serve(create_app(server.url, f"http://{iam.host}", lambda: NOON)) as origin,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(WAIT)) as http,
    ):
        yield StandIn(origin, server, http, iam)


@pytest.fixture
def url(stand_in: StandIn) -> Url:
    return Url(stand_in.origin, stand_in.iam.key)


async def test_a_permitted_put_creates_the_object(stand_in: StandIn, url: Url) -> None:
    assert await stand_in.put(url.sign()) == (200, "")
    version = stand_in.server.storage.get("incoming", NAME)
    assert version.data == DATA
    assert version.attributes.content_type == "application/octet-stream"
    assert version.attributes.metadata == {"sha256": "ab" * 32}


async def test_a_url_that_the_stand_in_of_iam_signs_is_permitted(
    server: StorageServer, stand_in: StandIn
) -> None:
    async with _serve(create_app(server.url, f"http://{stand_in.iam.host}")) as origin:
        signer = connect_signer("incoming", 900, stand_in.iam.host, EMAIL, origin)
        assert await stand_in.put(await signer.sign_put(NAME, HEADERS)) == (200, "")
    assert stand_in.server.storage.get("incoming", NAME).data == DATA


async def test_a_second_put_fails_and_changes_nothing(stand_in: StandIn, url: Url) -> None:
    await stand_in.put(url.sign())
    status, body = await stand_in.put(url.sign(), data=b"other bytes")
    assert (status, "<Code>PreconditionFailed</Code>" in body) == (412, True)
    assert stand_in.server.storage.get("incoming", NAME).data == DATA


async def test_the_clients_other_header_fields_need_no_signature(
    stand_in: StandIn, url: Url
) -> None:
    fields = {**HEADERS, "user-agent": "uv/0.12.6", "accept-encoding": "zstd"}
    assert (await stand_in.put(url.sign(), fields))[0] == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("x-goog-if-generation-match", "1"),
        ("x-goog-content-length-range", "0,1000000000"),
        ("x-goog-meta-sha256", "cd" * 32),
        ("content-type", "text/html"),
    ],
)
async def test_a_header_field_with_another_value_is_refused(
    stand_in: StandIn, url: Url, field: str, value: str
) -> None:
    status, body = await stand_in.put(url.sign(), {**HEADERS, field: value})
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    assert stand_in.names == []


@pytest.mark.parametrize("field", [name for name in HEADERS if name != "content-type"])
async def test_a_missing_header_field_is_refused(stand_in: StandIn, url: Url, field: str) -> None:
    rest = {name: value for name, value in HEADERS.items() if name != field}
    status, body = await stand_in.put(url.sign(), rest)
    assert (status, f"not in the request: {field}" in body) == (400, True)
    assert stand_in.names == []


@pytest.mark.parametrize("field", ["x-goog-meta-holder", "x-goog-acl"])
async def test_a_field_of_storage_without_a_signature_is_refused(
    stand_in: StandIn, url: Url, field: str
) -> None:
    status, body = await stand_in.put(url.sign(), {**HEADERS, field: "x"})
    assert (status, f"signedheaders, but must be: {field}" in body) == (400, True)
    assert stand_in.names == []


async def test_a_condition_that_the_stand_in_lacks_is_refused(stand_in: StandIn, url: Url) -> None:
    url.headers["x-goog-acl"] = "public-read"
    status, body = await stand_in.put(url.sign(), url.headers)
    assert (status, "does not support x-goog-acl" in body) == (400, True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (quote("1.0+cu1"), quote("1.0+cu2")),
        ("/acme/", "/other/"),
        ("X-Goog-Expires=900", "X-Goog-Expires=9000"),
        ("X-Goog-Date=20261124T120000Z", "X-Goog-Date=20261124T120001Z"),
        ("&X-Goog-Signature=", "&upload_id=1&X-Goog-Signature="),
    ],
)
async def test_a_changed_url_is_refused(stand_in: StandIn, url: Url, old: str, new: str) -> None:
    signed = url.sign()
    assert old in signed
    status, body = await stand_in.put(signed.replace(old, new))
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)
    assert stand_in.names == []


@pytest.mark.parametrize("signature", ["00" * 256, "zz", ""])
async def test_a_wrong_signature_is_refused(stand_in: StandIn, url: Url, signature: str) -> None:
    base = url.sign().partition("&X-Goog-Signature=")[0]
    status, body = await stand_in.put(f"{base}&X-Goog-Signature={signature}")
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


async def test_the_signature_of_another_key_is_refused(stand_in: StandIn) -> None:
    status, body = await stand_in.put(Url(stand_in.origin, SigningKey()).sign())
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


async def test_the_signature_of_another_account_is_refused(stand_in: StandIn, url: Url) -> None:
    other = url.sign().replace("gcpypi-upload%40", "gcpypi-proxy%40")
    status, body = await stand_in.put(other)
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


async def test_the_signature_of_a_get_permits_no_put(stand_in: StandIn, url: Url) -> None:
    status, body = await stand_in.put(url.sign("GET"))
    assert (status, "<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


@pytest.mark.parametrize(
    "name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"]
)
async def test_a_url_without_a_part_of_the_signature_is_refused(
    stand_in: StandIn, url: Url, name: str
) -> None:
    status, body = await stand_in.put(url.sign().replace(f"X-Goog-{name}=", "x="))
    assert (status, f"one X-Goog-{name} is needed" in body) == (403, True)


@pytest.mark.parametrize(
    ("at", "valid", "code"),
    [
        (NOON - timedelta(seconds=901), 900, "ExpiredToken"),
        (NOON + timedelta(minutes=16), 900, "RequestTimeTooSkewed"),
        (NOON, 604801, "InvalidArgument"),
    ],
)
async def test_a_url_outside_its_time_is_refused(
    stand_in: StandIn, url: Url, at: datetime, valid: int, code: str
) -> None:
    url.at, url.valid = at, 900
    signed = url.sign().replace("X-Goog-Expires=900", f"X-Goog-Expires={valid}")
    assert f"<Code>{code}</Code>" in (await stand_in.put(signed))[1]
    assert stand_in.names == []


@pytest.mark.parametrize(
    ("bounds", "code"), [("0,20", "EntityTooLarge"), ("22,100", "EntityTooSmall")]
)
async def test_a_size_outside_the_range_is_refused(
    stand_in: StandIn, url: Url, bounds: str, code: str
) -> None:
    url.headers["x-goog-content-length-range"] = bounds
    status, body = await stand_in.put(url.sign(), url.headers)
    assert (status, f"<Code>{code}</Code>" in body) == (400, True)
    assert stand_in.names == []


async def test_a_body_without_a_length_is_refused(stand_in: StandIn, url: Url) -> None:
    async def send() -> AsyncIterator[bytes]:
        yield DATA

    target = URL(url.sign(), encoded=True)
    async with stand_in.http.put(target, data=send(), headers=dict(HEADERS)) as response:
        assert response.status == 411


async def test_a_client_that_leaves_stores_nothing_and_can_repeat(
    stand_in: StandIn, url: Url
) -> None:
    signed, (host, port) = url.sign(), stand_in.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"PUT {signed.removeprefix(stand_in.origin)} HTTP/1.1", f"host: {host}:{port}"]
    lines += [*(f"{name}: {value}" for name, value in HEADERS.items()), "content-length: 21"]
    writer.write("\r\n".join([*lines, "", ""]).encode() + DATA[:10])
    await writer.drain()
    writer.close()
    await asyncio.wait_for(reader.read(), WAIT)
    assert await stand_in.put(signed) == (200, "")


async def test_a_missing_bucket_is_named(stand_in: StandIn, url: Url) -> None:
    stand_in.server.storage.delete_bucket("incoming")
    status, body = await stand_in.put(url.sign())
    assert (status, "<Code>NoSuchBucket</Code>" in body) == (404, True)
