"""Uploads of files by the adapter, on the strict fake and on fake-gcs-server."""

import io
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cloud.errors import PreconditionFailed, Unavailable
from cloud.ports import Headers
from cloud.storage import connect
from cloud.uploads import CHUNK, SINGLE_REQUEST, TransferHooks, UploadBucket, UploadCancelled
from testing.fakes.bucket_factories import connect_library
from testing.storage import FakeStorage, Fault

WHEEL = Headers("application/zip", "no-store", {"sha256": "0" * 64})
SMALL = b"wheel"
LARGE = bytes(range(256)) * ((SINGLE_REQUEST + CHUNK) // 256)
NAME = "acme/1/a.whl"

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(params=["strict", "fake-gcs"])
def any_bucket(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UploadBucket]:
    url = (
        request.getfixturevalue("storage").origin
        if request.param == "strict"
        else request.getfixturevalue("fake_gcs_url")
    )
    yield from create_bucket(url, monkeypatch)


@pytest.fixture
def bucket(storage: FakeStorage, monkeypatch: pytest.MonkeyPatch) -> Iterator[UploadBucket]:
    """Bucket of the strict fake, for faults and preconditions of resumable uploads."""
    yield from create_bucket(storage.origin, monkeypatch)


def create_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[UploadBucket]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    client = connect("gcpypi-local")
    name = f"uploads-{uuid4().hex}"
    library = connect_library("gcpypi-local")
    library.create_bucket(name)
    yield UploadBucket(client, name)
    client.close()
    library.close()


def send(bucket: UploadBucket, data: bytes, hooks: TransferHooks | None = None) -> int:
    return bucket.upload(NAME, io.BytesIO(data), len(data), WHEEL, hooks).generation


@pytest.mark.parametrize("data", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
def test_an_upload_has_the_bytes_and_the_properties(any_bucket: UploadBucket, data: bytes) -> None:
    info = any_bucket.upload(NAME, io.BytesIO(data), len(data), WHEEL)

    assert any_bucket.stat(NAME) == info
    assert (info.size, info.content_type, info.metadata) == (
        len(data),
        "application/zip",
        WHEEL.metadata,
    )
    stored = any_bucket.read(NAME)
    assert stored is not None
    assert stored.data == data


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_an_upload_replaces_no_object(bucket: UploadBucket, data: bytes) -> None:
    other = bucket.write(NAME, b"other bytes", WHEEL, if_generation=0)

    with pytest.raises(PreconditionFailed):
        send(bucket, data)

    assert bucket.stat(NAME) == other


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_file_is_uploaded_once_after_a_lost_response(
    bucket: UploadBucket, storage: FakeStorage, data: bytes
) -> None:
    storage.faults.add(Fault("reset", operation="objects.insert", when="after"))

    generation = send(bucket, data)

    found = bucket.stat(NAME)
    assert found is not None
    assert (found.generation, found.size) == (generation, len(data))


def test_an_object_that_the_uploader_may_not_read_is_not_its_own(
    bucket: UploadBucket, storage: FakeStorage
) -> None:
    storage.faults.add(Fault("reset", operation="objects.insert", when="after"))
    storage.faults.add(Fault(operation="objects.get", status=403))

    with pytest.raises(PreconditionFailed):
        send(bucket, SMALL)


@pytest.mark.parametrize("kind", ["error", "reset"])
def test_a_failed_chunk_is_sent_again(
    bucket: UploadBucket, storage: FakeStorage, kind: str
) -> None:
    fault = storage.faults.add(
        Fault.from_json({"kind": kind, "operation": "uploads.piece", "times": 2})
    )

    send(bucket, LARGE)

    stored = bucket.read(NAME)
    assert fault.times == 0
    assert stored is not None
    assert stored.data == LARGE


def test_the_progress_of_a_large_file_is_reported_by_chunks(bucket: UploadBucket) -> None:
    sent = list[int]()

    send(bucket, LARGE, TransferHooks(report=sent.append))

    assert sent == [CHUNK, 2 * CHUNK, 3 * CHUNK]


def test_a_cancelled_upload_leaves_neither_an_object_nor_a_session(
    bucket: UploadBucket, storage: FakeStorage
) -> None:
    sent = list[int]()
    hooks = TransferHooks(sent.append, lambda: bool(sent))

    with pytest.raises(UploadCancelled):
        send(bucket, LARGE, hooks)

    assert sent == [CHUNK]
    assert bucket.stat(NAME) is None
    assert storage.counts.requests["uploads.cancel"] == 1
    assert NAME not in {info.name for info in bucket.list()}


def test_a_cancelled_upload_of_a_small_file_sends_nothing(
    bucket: UploadBucket, storage: FakeStorage
) -> None:
    with pytest.raises(UploadCancelled):
        send(bucket, SMALL, TransferHooks(is_cancelled=lambda: True))

    assert storage.counts.requests["objects.insert"] == 0


def test_an_upload_into_an_absent_bucket_is_a_failure(bucket: UploadBucket) -> None:
    library = connect_library("gcpypi-local")
    library.bucket(bucket.name).delete()
    library.close()

    with pytest.raises(Unavailable, match="bucket"):
        send(bucket, SMALL)


def test_a_machine_without_credentials_has_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))

    with pytest.raises(Unavailable, match="Cloud Storage"):
        connect("gcpypi-local")
