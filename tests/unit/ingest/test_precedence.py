"""Precedence of the reasons for a file with several errors."""

import hashlib

import pytest

from checks.policy import Policy
from checks.refusal import Reason
from testing.fakes.small_wheels import wheel_filename
from testing.storage import Attributes
from unit.ingest.service import FILENAME, NAME, OTHER, WHEEL, InMemoryIngest

WRONG = "0" * 64
BROKEN = WHEEL[:100] + b"\0" + WHEEL[101:]
STDLIB = f"ci/42/{wheel_filename('json')}"


def announce(service: InMemoryIngest, generation: int, name: str = NAME) -> str | None:
    assert service.announce(name=name) == 204
    return service.read_verdict(generation, name).reason


def record_downloads(service: InMemoryIngest) -> list[str]:
    """Return a list to which the names of downloaded incoming objects are added."""
    read: list[str] = []

    def note(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.download":
            read.append(name)

    service.incoming.before = note
    return read


@pytest.mark.parametrize("data", [b"", b"no zip", WHEEL + b"x", BROKEN, WHEEL[:-1]])
def test_a_broken_file_with_a_wrong_claim_is_refused_for_the_claim(data: bytes) -> None:
    service = InMemoryIngest()
    read = record_downloads(service)
    assert announce(service, service.upload(data, sha256=WRONG)) == "digest-mismatch"
    assert len(read) <= 1


def test_a_broken_file_with_a_right_claim_is_refused_for_its_error() -> None:
    service = InMemoryIngest()
    claim = hashlib.sha256(b"no zip").hexdigest().upper()
    assert announce(service, service.upload(b"no zip", sha256=claim)) == "not-a-zip"


def test_a_broken_file_without_a_claim_is_not_read_further() -> None:
    service = InMemoryIngest()
    generation = service.upload(b"no zip" + bytes(9 << 20))
    read = record_downloads(service)
    assert announce(service, generation) == "not-a-zip"
    assert read == [NAME], "one chunk of the three"


def test_a_broken_file_with_a_claim_is_read_once() -> None:
    service = InMemoryIngest()
    generation = service.upload(b"no zip" + bytes(9 << 20), sha256=WRONG)
    read = record_downloads(service)
    assert announce(service, generation) == "digest-mismatch"
    assert read == [NAME] * 3


def test_a_claim_in_a_message_about_a_broken_file_decides_only_about_the_message() -> None:
    service = InMemoryIngest()
    generation = service.upload(b"no zip")
    service.announce(sha256=WRONG)
    assert service.read_answer().reason == "digest-mismatch"
    assert service.verdicts.stat(f"{NAME}/{generation}.json") is None
    assert announce(service, generation) == "not-a-zip"


@pytest.mark.parametrize("data", [OTHER, OTHER + b"x", WHEEL])
def test_a_wrong_claim_comes_before_a_name_that_is_taken(data: bytes) -> None:
    service = InMemoryIngest()
    service.upload()
    service.announce()
    again = f"ci/43/{FILENAME}"
    generation = service.upload(data, again, sha256=WRONG)
    assert announce(service, generation, again) == "digest-mismatch"


@pytest.mark.parametrize("filename", ["README.md", "acme-1.tar.gz.tar.gz"])
def test_errors_of_the_object_come_before_a_bad_name(filename: str) -> None:
    name = f"ci/42/{filename}"
    absent = InMemoryIngest()
    absent.announce(name=name)
    assert absent.read_answer().reason == "not-found"
    small = InMemoryIngest(policy=Policy(max_file_size=3))
    assert announce(small, small.upload(b"long", name), name) == "too-large"
    service = InMemoryIngest()
    generation = service.upload(b"x", name, sha256=WRONG)
    assert announce(service, generation, name) == "digest-mismatch"


def test_an_encoded_object_is_refused_for_that_before_its_name_and_its_claim() -> None:
    service = InMemoryIngest()
    for name in (NAME, "ci/42/README.md"):
        encoded = Attributes(content_encoding="gzip", metadata={"sha256": WRONG})
        generation = service.store.insert("incoming", name, WHEEL, encoded).generation
        assert announce(service, generation, name) == "content-encoded"


def test_a_reserved_name_without_a_claim_is_refused_without_reading() -> None:
    service = InMemoryIngest(policy=Policy(block_stdlib_names=True))
    generation = service.upload(WHEEL, STDLIB)
    read = record_downloads(service)
    assert announce(service, generation, STDLIB) == "reserved-name"
    assert read == []


def test_a_project_that_is_not_granted_is_refused_before_anything_else() -> None:
    service = InMemoryIngest(policy=Policy(uploaders={"ci": ("other",)}, max_file_size=3))
    assert announce(service, service.upload(b"no zip", sha256=WRONG)) == "not-allowed"


def test_an_object_deleted_during_reading_is_not_found_even_with_a_wrong_claim() -> None:
    service = InMemoryIngest()
    service.upload(b"no zip", sha256=WRONG)

    def vanish(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.download":
            service.incoming.before = None
            service.incoming.remove(NAME)

    service.incoming.before = vanish
    service.announce()
    assert service.read_answer().reason == "not-found"


def test_the_order_of_the_reasons_is_that_of_their_precedence() -> None:
    assert Reason.NOT_ALLOWED.precedes(Reason.EXISTS)
    assert not Reason.EXISTS.precedes(Reason.EXISTS)
    assert not Reason.EXISTS.precedes(Reason.ZIP_BOMB)
