"""Projects with a record above the limit accept no new files (`ingest.closing`)."""

import pytest

from cloud.ports import Headers
from ingest.closing import MAX_RECORD_SIZE
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from unit.ingest.service import FILENAME, WHEEL, InMemoryIngest

ACME = ProjectName("acme")


def build_record(size: int) -> bytes:
    """Return a record without files, padded to ``size`` bytes."""
    return ProjectRecord(project=ACME, revision=1).encode().ljust(size)


def put_record(service: InMemoryIngest, size: int, status: str = "active") -> None:
    facts = {"status": status, "display-name": "acme", layout.RECORD_REVISION: 1}
    entry = CatalogEntry.model_validate({"project": ACME, **facts})
    headers = Headers("application/json", "", entry.to_metadata())
    service.metadata.put(layout.locate_record(ACME), build_record(size), headers)


def forbid_downloads(operation: str, bucket: str, name: str) -> None:
    if operation == "objects.download":
        pytest.fail(f"{bucket}/{name} was read")


@pytest.mark.parametrize("data", [WHEEL, b"no wheel"])
def test_a_new_file_of_a_project_with_a_large_record_is_refused_without_reading_it(
    data: bytes,
) -> None:
    service = InMemoryIngest()
    put_record(service, MAX_RECORD_SIZE + 1)
    generation = service.upload(data)
    service.metadata.before = forbid_downloads
    service.announce()
    verdict = service.read_verdict(generation)
    assert verdict.reason == "project-too-large"
    assert verdict.detail == (
        "the record of acme has 12582913 bytes; the limit is 12582912."
        " Publish under another project name"
    )
    assert service.read_package() is None


def test_a_record_of_the_maximum_size_accepts_a_new_file() -> None:
    service = InMemoryIngest()
    put_record(service, MAX_RECORD_SIZE)
    generation = service.upload()
    service.announce()
    assert service.read_verdict(generation).outcome == "accepted"


def test_a_file_of_a_project_that_became_too_large_is_announced_again() -> None:
    service = InMemoryIngest()
    service.upload()
    service.announce()
    put_record(service, MAX_RECORD_SIZE + 1)
    again = f"ci/43/{FILENAME}"
    generation = service.upload(name=again)
    service.announce(name=again)
    assert service.read_verdict(generation, again).outcome == "accepted"


def test_a_closed_project_with_a_large_record_is_refused_as_closed() -> None:
    service = InMemoryIngest()
    put_record(service, MAX_RECORD_SIZE + 1, "archived")
    generation = service.upload()
    service.announce()
    assert service.read_verdict(generation).reason == "project-closed"
