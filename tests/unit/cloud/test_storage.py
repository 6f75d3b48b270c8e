"""Downloads of a bucket that arrive with other bytes than requested."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cloud.json_requests.curl_transport import CurlRequest, CurlResponse, CurlTransport
from cloud.ports import StoredObject
from cloud.storage import StorageBucket, connect
from testing.storage import StorageServer

DATA = b"0123456789"

Change = Callable[[CurlResponse], CurlResponse]


class ChangingCurl(CurlTransport):
    """Transport that changes the first download.

    :param change: returns the response that the caller gets.
    """

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.downloads: list[str | None] = []
        self._change = change

    def send(self, request: CurlRequest) -> CurlResponse:
        response = super().send(request)
        if "alt=media" not in request.url:
            return response
        self.downloads.append(request.fields.get("range"))
        return self._change(response) if len(self.downloads) == 1 else response


def make_whole(response: CurlResponse) -> CurlResponse:
    """Return the response of a server without ranges."""
    lines = tuple(each for each in response.lines if not each.lower().startswith(b"content-range"))
    return replace(response, status=200, lines=lines, body=DATA)


@pytest.fixture
def server() -> Iterator[StorageServer]:
    with StorageServer() as running:
        running.storage.create_bucket("b")
        running.storage.insert("b", "a", DATA)
        yield running


@pytest.fixture
def connect_through(
    server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[ChangingCurl], StorageBucket]]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
    clients = []

    def create(transport: ChangingCurl) -> StorageBucket:
        clients.append(connect("p", transport))
        return StorageBucket(clients[-1], "b")

    yield create
    for client in clients:
        client.close()


def test_bytes_with_a_wrong_checksum_are_read_again(
    connect_through: Callable[[ChangingCurl], StorageBucket],
) -> None:
    transport = ChangingCurl(lambda response: replace(response, body=b"x123456789"))
    stored = connect_through(transport).read("a")
    assert stored == StoredObject(stored.generation if stored else 0, DATA)
    assert transport.downloads == [None, None]


@pytest.mark.parametrize("body", [b"x123456789", DATA[:3]])
def test_a_small_object_without_its_checksum_is_read_again(
    connect_through: Callable[[ChangingCurl], StorageBucket], body: bytes
) -> None:
    transport = ChangingCurl(lambda response: replace(response, body=body))
    stored = connect_through(transport).read_up_to("a", 10)
    assert isinstance(stored, StoredObject)
    assert stored.data == DATA
    assert transport.downloads == ["bytes=0-9", "bytes=0-9"]


def test_a_whole_object_in_place_of_its_first_bytes_has_its_size(
    connect_through: Callable[[ChangingCurl], StorageBucket],
) -> None:
    """A server may ignore a range (RFC 9110, 14.2)."""
    transport = ChangingCurl(lambda response: make_whole(response))
    assert connect_through(transport).read_up_to("a", 9) == len(DATA)
    assert transport.downloads == ["bytes=0-8"]


def test_a_short_range_is_completed(
    connect_through: Callable[[ChangingCurl], StorageBucket],
) -> None:
    transport = ChangingCurl(lambda response: replace(response, body=response.body[:3]))
    bucket = connect_through(transport)
    info = bucket.stat("a")
    assert info is not None
    assert b"".join(bucket.stream(info, start=2)) == DATA[2:]
    assert transport.downloads == ["bytes=2-9", "bytes=5-9"]


def test_a_whole_object_in_place_of_a_range_is_no_part_of_it(
    connect_through: Callable[[ChangingCurl], StorageBucket],
) -> None:
    transport = ChangingCurl(lambda response: replace(response, status=200, body=DATA))
    bucket = connect_through(transport)
    info = bucket.stat("a")
    assert info is not None
    assert b"".join(bucket.stream(info, start=2)) == DATA[2:]
    assert transport.downloads == ["bytes=2-9", "bytes=2-9"]
