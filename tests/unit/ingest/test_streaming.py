"""Wheels streamed from Cloud Storage: each byte is read once, even after interruptions."""

import gc
import hashlib
from collections.abc import Iterator
from random import Random

import pytest
import requests
from google.cloud.storage import Client
from requests.adapters import HTTPAdapter

from checks.distribution import verify
from checks.policy import MIB, Policy
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


pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _collect_garbage() -> Iterator[None]:
    """Close connections of failed downloads within the test.

    The library drops the response of a failed download, so only garbage collection closes it.
    """
    yield
    gc.collect()


class CountingAdapter(HTTPAdapter):
    """Adapter that counts the received bytes of response bodies."""

    read = 0

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override] # the options are passed on
        response = super().send(request, **options)  # type: ignore[arg-type] # as above
        receive = response.raw.read

        def read(
            amt: int | None = None,
            decode_content: bool | None = None,
            cache_content: bool = False,
        ) -> bytes:
            data = receive(amt, decode_content, cache_content)
            self.read += len(data)
            return data

        response.raw.read = read  # type: ignore[method-assign] # no other hook sees the bytes
        return response


@pytest.fixture(scope="module")
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        running.storage.create_bucket("incoming")
        running.storage.insert("incoming", FILENAME, WHEEL)
        yield running


@pytest.fixture
def client(server: StorageServer) -> Iterator[Client]:
    server.storage.faults.clear()
    server.storage.counts.clear()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", server.url)
        connected = connect("p")
    yield connected
    connected.close()


def verify_wheel(client: Client) -> int:
    """Verify the wheel; return the number of received bytes."""
    wire = CountingAdapter()
    client._http.mount("http://", wire)
    bucket = StorageBucket(client, "incoming")
    info = bucket.stat(FILENAME)
    assert info is not None
    before = wire.read
    verified = verify(FILENAME, bucket.stream(info), Policy(), info.size)
    assert verified.sha256 == hashlib.sha256(WHEEL).hexdigest()
    return wire.read - before


def test_each_byte_is_read_once_with_one_request_per_chunk(
    client: Client, server: StorageServer
) -> None:
    assert verify_wheel(client) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] == CHUNKS


@pytest.mark.parametrize("after_bytes", [0, 1, CHUNK // 2, CHUNK - 1])
def test_an_interrupted_response_is_resumed(
    after_bytes: int, client: Client, server: StorageServer
) -> None:
    fault = Fault("truncate", operation="objects.download", after_bytes=after_bytes, times=4)
    server.storage.faults.add(fault)
    assert verify_wheel(client) <= 1.05 * len(WHEEL)


@pytest.mark.parametrize("kind", ["reset", "error"])
def test_a_failed_request_adds_no_bytes(kind: str, client: Client, server: StorageServer) -> None:
    server.storage.faults.add(
        Fault.from_json({"kind": kind, "operation": "objects.download", "times": 4})
    )
    assert verify_wheel(client) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] >= CHUNKS
