"""A wheel streamed from Cloud Storage: each byte once, whatever breaks on the way."""

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
from testing.corpus.wheels import FILENAME, record_row, wheel
from testing.storage import Fault, StorageServer

BODY = Random(5).randbytes(20 * MIB + 17)  # noqa: S311 - the same bytes every time
NAME = "acme/body.bin"
WHEEL = (
    wheel(record=lambda rows: [record_row(NAME, BODY), *rows])
    .add(Entry(NAME.encode(), BODY, method=STORED))
    .build()
)
CHUNKS = -(-len(WHEEL) // CHUNK)


pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """The library drops the failed answer of a download that it repeats: its connection is closed
    when it is collected, which is to happen here."""
    yield
    gc.collect()


class Counting(HTTPAdapter):
    """Counts the bytes of bodies that come over the wire."""

    read = 0

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override] # its options are handed on
        response = super().send(request, **options)  # type: ignore[arg-type] # as above
        receive = response.raw.read

        def counted(
            amt: int | None = None,
            decode_content: bool | None = None,
            cache_content: bool = False,
        ) -> bytes:
            data = receive(amt, decode_content, cache_content)
            self.read += len(data)
            return data

        response.raw.read = counted  # type: ignore[method-assign] # the bytes pass nowhere else
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


def judged(client: Client) -> int:
    """Judge the wheel; return how many bytes came over the wire."""
    wire = Counting()
    client._http.mount("http://", wire)
    bucket = StorageBucket(client, "incoming")
    info = bucket.stat(FILENAME)
    assert info is not None
    before = wire.read
    verified = verify(FILENAME, bucket.stream(info), Policy(), info.size)
    assert verified.sha256 == hashlib.sha256(WHEEL).hexdigest()
    return wire.read - before


def test_each_byte_is_read_once_in_one_request_a_chunk(
    client: Client, server: StorageServer
) -> None:
    assert judged(client) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] == CHUNKS


@pytest.mark.parametrize("after_bytes", [0, 1, CHUNK // 2, CHUNK - 1])
def test_an_answer_that_breaks_off_is_gone_on_with(
    after_bytes: int, client: Client, server: StorageServer
) -> None:
    fault = Fault("truncate", operation="objects.download", after_bytes=after_bytes, times=4)
    server.storage.faults.add(fault)
    assert judged(client) <= 1.05 * len(WHEEL)


@pytest.mark.parametrize("kind", ["reset", "error"])
def test_a_request_that_fails_costs_no_byte(
    kind: str, client: Client, server: StorageServer
) -> None:
    server.storage.faults.add(Fault.of({"kind": kind, "operation": "objects.download", "times": 4}))
    assert judged(client) == len(WHEEL)
    assert server.storage.counts.requests["objects.download"] >= CHUNKS
