"""Messages decide nothing about objects that they merely name."""

import json
from collections.abc import Mapping

import pytest

from checks.policy import Policy
from schemas.events import FileAccepted, FileRefused
from testing.fakes.small_wheels import wheel_filename
from unit.ingest.service import FILENAME, NAME, OTHER, WHEEL, InMemoryIngest

POLICY = Policy(uploaders={"ci": ("acme",)}, allowed_projects=("acme", "beta"))
NOWHERE = 1795501466102938
"""Generation that no object has."""


@pytest.fixture
def service() -> InMemoryIngest:
    return InMemoryIngest(policy=POLICY)


def list_verdicts(service: InMemoryIngest) -> list[str]:
    return [info.name for info in service.verdicts.list()]


@pytest.mark.parametrize("generation", [None, NOWHERE])
@pytest.mark.parametrize(
    "name",
    [
        NAME,
        f"other/42/{FILENAME}",
        f"ci/42/{wheel_filename('beta')}",
        f"ci/42/{wheel_filename('gamma')}",
        "ci/42/README.md",
        "ci/42/acme-1.tar.gz.tar.gz",
        "ci/42/yank.command.json",
    ],
)
def test_a_message_about_an_absent_object_is_answered_under_its_own_id(
    name: str, generation: int | None, service: InMemoryIngest
) -> None:
    given = {} if generation is None else {"generation": str(generation)}
    assert service.announce(name=name, **given) == 204
    assert service.read_answer().reason == "not-found"
    assert list_verdicts(service) == ["messages/77.json"]


def test_the_announcement_of_a_refused_message_has_its_id(service: InMemoryIngest) -> None:
    service.announce()
    detail = service.read_answer().detail or ""
    assert service.refused.messages == (
        FileRefused(
            reason="not-found", detail=detail, bucket="incoming", name=NAME, message_id="77"
        ),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"generation": str(NOWHERE)},
        {"sha256": "0" * 64},
        {"bucket": "elsewhere"},
        {"metadata": {"sha256": "0" * 64}, "generation": "1"},
    ],
)
def test_a_wrong_message_before_the_notification_changes_nothing(
    wrong: Mapping[str, object], service: InMemoryIngest
) -> None:
    generation = service.upload()
    assert service.announce(**wrong) == 204
    assert list_verdicts(service) == ["messages/77.json"]
    assert service.announce(generation=str(generation)) == 204
    assert service.read_verdict(generation).outcome == "accepted"


@pytest.mark.parametrize("event", ["OBJECT_DELETE", "OBJECT_ARCHIVE", "nonsense"])
def test_a_message_with_another_event_does_not_hide_the_object(
    event: str, service: InMemoryIngest
) -> None:
    generation = service.upload()
    data = json.dumps({"bucket": "incoming", "name": NAME}).encode()
    assert service.push(data, eventType=event) == 204
    assert list_verdicts(service) == []
    service.announce()
    assert service.read_verdict(generation).outcome == "accepted"


def test_a_message_before_the_upload_does_not_decide_about_it(service: InMemoryIngest) -> None:
    service.announce()
    generation = service.upload()
    service.announce(generation=str(generation))
    assert service.read_verdict(generation).outcome == "accepted"


@pytest.mark.parametrize("with_generation", [True, False])
def test_a_message_about_another_run_of_a_promoted_file_is_not_found(
    with_generation: bool, service: InMemoryIngest
) -> None:
    """An uploader that waits for a verdict below the name of its run would read the wrong one."""
    generation = service.upload()
    service.announce()
    given = {"generation": str(generation)} if with_generation else {}
    service.announce(name=f"ci/43/{FILENAME}", **given)
    assert service.read_answer().reason == "not-found"
    assert list_verdicts(service) == [f"{NAME}/{generation}.json", "messages/77.json"]


def test_a_message_about_a_deleted_object_announces_its_file_and_stores_nothing(
    service: InMemoryIngest,
) -> None:
    generation = service.upload()
    service.announce()
    service.incoming.remove(NAME)
    elsewhere = f"ci/42/elsewhere/{FILENAME}"
    for name in (NAME, elsewhere):
        assert service.announce(name=name) == 204
    assert list_verdicts(service) == [f"{NAME}/{generation}.json"]
    assert service.accepted.messages == (FileAccepted(file=service.read_last_file()),) * 3


def test_a_name_that_an_operator_took_is_refused_only_for_an_object(
    service: InMemoryIngest,
) -> None:
    service.packages.put(FILENAME, b"by hand")
    service.announce()
    assert service.read_answer().reason == "not-found"
    generation = service.upload()
    service.announce()
    assert service.read_verdict(generation).reason == "exists"


@pytest.mark.parametrize("data", [WHEEL, b"no wheel", OTHER])
def test_the_verdict_on_a_deleted_object_stays_its_only_answer(
    data: bytes, service: InMemoryIngest
) -> None:
    service.upload()
    service.announce()
    again = f"ci/43/{FILENAME}"
    generation = service.upload(data, again)
    service.announce(name=again)
    before = service.read_verdict(generation, again)
    service.incoming.remove(again)
    assert service.announce(name=again, generation=str(generation)) == 204
    assert service.read_verdict(generation, again) == before
    assert "messages/77.json" not in list_verdicts(service)


def test_an_object_deleted_during_its_checks_is_answered_under_the_message(
    service: InMemoryIngest,
) -> None:
    service.upload()

    def vanish(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.download":
            service.incoming.before = None
            service.incoming.remove(NAME)

    service.incoming.before = vanish
    assert service.announce() == 204
    assert list_verdicts(service) == ["messages/77.json"]
