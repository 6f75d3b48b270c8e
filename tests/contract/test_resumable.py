"""Resumable uploads of the adapter on the strict fake, and of the fake in memory."""

from collections.abc import Iterator

import pytest

from cloud.errors import PreconditionFailed, Unavailable
from cloud.json_requests.resumable import PIECE, ResumableBucket, UploadingBucket
from cloud.ports import Headers
from cloud.storage import connect
from testing.fakes.memory_ports import MemoryBucket
from testing.fakes.memory_uploads import ResumableMemoryBucket
from testing.storage import FakeStorage, Fault

WHEEL = Headers("application/octet-stream", "no-store", {"sha256": "0" * 64, "holder": "Ada Ö"})
NAME = "upload/acme/1/a-1.0+é.whl"
PIECES = [bytes([number]) * PIECE for number in (1, 2)]
REST = b"the end"

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def strict_bucket(
    storage: FakeStorage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ResumableBucket]:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.origin)
    client = connect("gcpypi-local")
    storage.create_bucket("resumable")
    yield ResumableBucket(client, "resumable")
    client.close()


@pytest.fixture(params=["memory", "strict"])
def bucket(request: pytest.FixtureRequest) -> UploadingBucket:
    if request.param == "memory":
        return ResumableMemoryBucket(MemoryBucket("resumable"))
    bucket: ResumableBucket = request.getfixturevalue("strict_bucket")
    return bucket


@pytest.mark.parametrize("pieces", [[], PIECES], ids=["one piece", "three pieces"])
def test_an_object_exists_only_after_the_last_piece(
    bucket: UploadingBucket, pieces: list[bytes]
) -> None:
    upload = bucket.start_upload(NAME, WHEEL)
    for piece in pieces:
        upload.send(piece)
    assert bucket.stat(NAME) is None
    info = upload.finish(REST)

    data = b"".join(pieces) + REST
    assert bucket.stat(NAME) == info
    assert (info.size, info.metadata) == (len(data), WHEEL.metadata)
    assert b"".join(bucket.stream(info)) == data


def test_a_cancelled_upload_leaves_no_object(bucket: UploadingBucket) -> None:
    upload = bucket.start_upload(NAME, WHEEL)
    upload.send(PIECES[0])
    upload.cancel()
    assert list(bucket.list()) == []


def test_an_existing_object_is_never_replaced(bucket: UploadingBucket) -> None:
    early = bucket.start_upload(NAME, WHEEL)
    bucket.write(NAME, b"first", WHEEL, if_generation=0)
    with pytest.raises(PreconditionFailed):
        bucket.start_upload(NAME, WHEEL)
    with pytest.raises(PreconditionFailed):
        early.finish(REST)
    stored = bucket.read(NAME)
    assert stored is not None
    assert stored.data == b"first"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["error", "reset"])
@pytest.mark.parametrize("operation", ["uploads.start", "uploads.piece", "objects.insert"])
def test_after_a_transient_failure_the_missing_bytes_are_sent(
    strict_bucket: ResumableBucket, storage: FakeStorage, operation: str, kind: str, when: str
) -> None:
    storage.faults.add(Fault(kind, operation=operation, when=when))  # type: ignore[arg-type]
    upload = strict_bucket.start_upload(NAME, WHEEL)
    for piece in PIECES:
        upload.send(piece)
    info = upload.finish(REST)
    assert b"".join(strict_bucket.stream(info)) == b"".join(PIECES) + REST


def test_an_upload_that_cloud_storage_lost_is_reported(
    strict_bucket: ResumableBucket, storage: FakeStorage
) -> None:
    upload = strict_bucket.start_upload(NAME, WHEEL)
    upload.cancel()
    with pytest.raises(Unavailable):
        upload.send(PIECES[0])
    upload.cancel()  # ends without an error


def test_bytes_that_change_on_their_way_are_refused(
    strict_bucket: ResumableBucket, storage: FakeStorage
) -> None:
    upload = strict_bucket.start_upload(NAME, WHEEL)
    upload._checksum.update(b"other")  # type: ignore[no-untyped-call]  # as if the bytes changed
    with pytest.raises(Unavailable, match="400"):
        upload.finish(REST)
    assert strict_bucket.stat(NAME) is None
