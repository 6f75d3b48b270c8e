"""Closed projects and releases accept no new files; promoted files are announced again."""

from datetime import timedelta

import pytest

from cloud.ports import Headers
from ingest.settings import Settings
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.names import ProjectName
from testing.fakes.examples import NOON
from testing.fakes.small_wheels import build_wheel, wheel_filename
from unit.ingest.service import FILENAME, NAME, WHEEL, InMemoryIngest

ACME = ProjectName("acme")
BUILD = "acme-1.0-1-py3-none-any.whl"
DAY = timedelta(days=1)


def put_record(service: InMemoryIngest, status: str = "active", display_name: str = "acme") -> None:
    """Store the record of the project, like the indexer."""
    facts = {"status": status, "display-name": display_name, layout.RECORD_REVISION: 1}
    entry = CatalogEntry.model_validate({"project": ACME, **facts})
    service.metadata.put(
        layout.locate_record(ACME), b"{}", Headers("application/json", "", entry.to_metadata())
    )


def upload(
    service: InMemoryIngest, data: bytes, filename: str, run: int, days: int = 0
) -> str | None:
    """Upload a number of days after noon; return the reason of the refusal, if any."""
    service.incoming.now = NOON + days * DAY
    name = f"ci/{run}/{filename}"
    generation = service.upload(data, name)
    assert service.announce(name=name) == 204
    return service.read_verdict(generation, name).reason


@pytest.mark.parametrize("status", ["archived", "quarantined"])
def test_a_closed_project_accepts_no_new_file(status: str) -> None:
    service = InMemoryIngest()
    put_record(service, status)
    generation = service.upload(b"data")
    service.store.counts.clear()
    assert service.announce() == 204
    assert service.read_verdict(generation).reason == "project-closed"
    assert service.read_package() is None


@pytest.mark.parametrize("status", ["active", "deprecated"])
def test_an_open_project_accepts_new_files(status: str) -> None:
    service = InMemoryIngest()
    put_record(service, status)
    assert upload(service, WHEEL, FILENAME, 1) is None


def test_a_project_without_a_record_is_open() -> None:
    assert upload(InMemoryIngest(release_closes_after=DAY), WHEEL, FILENAME, 1) is None


def test_a_file_of_a_closed_project_is_announced_again() -> None:
    service = InMemoryIngest()
    service.upload()
    service.announce()
    put_record(service, "archived")
    service.metadata.before = lambda *_: pytest.fail("the record was read")
    service.announce()
    service.metadata.before = None
    again = f"ci/43/{FILENAME}"
    generation = service.upload(name=again)
    service.announce(name=again)
    assert service.read_verdict(generation, again).outcome == "accepted"
    assert len(service.accepted.messages) == 3


def test_an_invalid_name_is_refused_before_a_closed_project() -> None:
    service = InMemoryIngest()
    put_record(service, "archived")
    assert upload(service, WHEEL, "acme-1.0.zip", 1) == "bad-filename"


@pytest.mark.parametrize("settings", [None, DAY])
def test_a_release_closes_only_if_the_setting_is_set(settings: timedelta | None) -> None:
    service = InMemoryIngest(release_closes_after=settings)
    put_record(service)
    assert upload(service, WHEEL, FILENAME, 1) is None
    assert upload(service, build_wheel(), BUILD, 2, days=1) is None
    late = upload(service, build_wheel(), BUILD.replace("-1-", "-2-"), 3, days=2)
    assert late == (None if settings is None else "project-closed")


def test_the_first_file_of_the_release_counts() -> None:
    service = InMemoryIngest(release_closes_after=2 * DAY)
    put_record(service)
    for day in range(3):
        assert upload(service, build_wheel(), BUILD.replace("-1-", f"-{day}-"), day, day) is None
    assert upload(service, build_wheel(), BUILD.replace("-1-", "-9-"), 9, 3) == "project-closed"


def test_a_new_release_is_open_however_old_the_others_are() -> None:
    service = InMemoryIngest(release_closes_after=DAY)
    put_record(service)
    upload(service, WHEEL, FILENAME, 1)
    upload(service, build_wheel(version="1.0.1"), wheel_filename(version="1.0.1"), 2, days=100)
    assert service.read_package(wheel_filename(version="1.0.1"))
    backport = wheel_filename(version="0.9")
    assert upload(service, build_wheel(version="0.9"), backport, 3, days=200) is None


def test_another_spelling_of_name_or_version_is_the_same_release() -> None:
    service = InMemoryIngest(release_closes_after=DAY)
    assert upload(service, build_wheel("Acme"), wheel_filename("Acme"), 1) is None
    put_record(service, display_name="Acme")
    other = wheel_filename(version="1.0.0")
    assert upload(service, build_wheel(version="1.0.0"), other, 2, days=2) == "project-closed"


def test_objects_that_were_not_promoted_do_not_count() -> None:
    service = InMemoryIngest(release_closes_after=DAY)
    put_record(service)
    service.packages.put(FILENAME, b"stranger")
    service.packages.put("acme-1.0-notes.txt", b"", Headers("", "", {layout.UPLOAD_TIME: "2020"}))
    assert upload(service, build_wheel(), BUILD, 1, days=9) is None


@pytest.mark.parametrize("written", ["1209600", "P14D"])
def test_the_setting_is_in_seconds_or_iso_8601(
    written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bucket in ("incoming", "packages", "verdicts", "metadata"):
        monkeypatch.setenv(f"{bucket.upper()}_BUCKET", bucket)
    monkeypatch.setenv("GCP_PROJECT", "p")
    monkeypatch.setenv("RELEASE_CLOSES_AFTER", written)
    assert Settings().release_closes_after == 14 * DAY


def test_a_refusal_stays_when_the_project_is_opened_again() -> None:
    service = InMemoryIngest()
    put_record(service, "archived")
    generation = service.upload()
    service.announce()
    put_record(service, "active")
    service.announce()
    assert service.read_verdict(generation).reason == "project-closed"
    assert service.read_package() is None
    assert [message.name for message in service.refused.messages if hasattr(message, "name")] == [
        NAME,
        NAME,
    ]
