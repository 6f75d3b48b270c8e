"""Wheels streamed from Cloud Storage: each byte is read once, even after interruptions."""

import hashlib
from collections.abc import Iterator
from http import HTTPStatus
from random import Random

import pytest

from checks.distribution import verify
from checks.policy import MIB, Policy
from cloud.json_requests.curl_transport import (
    BrokenResponse,
    CurlRequest,
    CurlResponse,
    CurlTransport,
)
from cloud.storage import CHUNK, StorageBucket, connect
from testing.corpus.archive import STORED, Entry
from testing.corpus.wheels import FILENAME, make_record_row, make_wheel
from testing.storage import Fault, StorageServer

BODY = Random(5).randbytes(20 * MIB + 17)  # noqa: S311 - the same bytes every time
NAME = "acme/body.bin"
WHEEL = (
    make_wheel(record=lambda rows: [make_record_row(NAME, BODY), *rows])
    .add(Entry(NAME.encode(), BODY, method=STORED))
    .build()
)
CHUNKS = -(-len(WHEEL) // CHUNK)


class CountingCurl(CurlTransport):
    """Transport that counts the received bytes of response bodies."""

    read = 0

    def send(self, request: CurlRequest) -> CurlResponse:
        try:
            response = super().send(request)
        except BrokenResponse as error:
            self.read += len(error.received.body)
            raise
        if response.status == HTTPStatus.PARTIAL_CONTENT:
            self.read += len(response.body)
        return response


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        running.storage.create_bucket("incoming")
        running.storage.insert("incoming", FILENAME, WHEEL)
        yield running


@pytest.fixture
def transport(server: StorageServer) -> Iterator[CountingCurl]:
    server.storage.faults.clear()
    server.storage.counts.clear()
    transport = CountingCurl()
    yield transport
    transport.close()


def verify_wheel(server: StorageServer, transport: CountingCurl) -> int:
    """Verify the wheel; return the number of received bytes."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", server.url)
        bucket = StorageBucket(connect("p", transport), "incoming")
    info = bucket.stat(FILENAME)
    assert info is not None
    verified = verify(FILENAME, bucket.stream(info), Policy(), info.size)
    assert verified.sha256 == hashlib.sha256(WHEEL).hexdigest()
    return transport.read


def test_each_byte_is_read_once_with_one_request_per_chunk(
    transport: CountingCurl, server: StorageServer
) -> None:
    assert verify_wheel(server, transport) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] == CHUNKS


@pytest.mark.parametrize("after_bytes", [0, 1, CHUNK // 2, CHUNK - 1])
def test_an_interrupted_response_is_resumed(
    after_bytes: int, transport: CountingCurl, server: StorageServer
) -> None:
    fault = Fault("truncate", operation="objects.download", after_bytes=after_bytes, times=4)
    server.storage.faults.add(fault)
    assert verify_wheel(server, transport) <= 1.05 * len(WHEEL)


@pytest.mark.parametrize("kind", ["reset", "error"])
def test_a_failed_request_adds_no_bytes(
    kind: str, transport: CountingCurl, server: StorageServer
) -> None:
    server.storage.faults.add(
        Fault.from_json({"kind": kind, "operation": "objects.download", "times": 4})
    )
    assert verify_wheel(server, transport) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] >= CHUNKS
