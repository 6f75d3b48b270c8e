"""Two deliveries of one upload that disagree: the first stored verdict decides (ADR 37).

tests/chaos/interleaving has every order of their calls.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from checks.policy import Policy
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from schemas.events import FileAccepted, FileRefused
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from unit.ingest.service import FILENAME, NAME, OTHER, InMemoryIngest
from unit.ingest.test_closing import put_record


class StoppedBeforeAnnouncement(Exception):
    """Stop of a delivery between its verdict and its announcement."""


def interfere(bucket: MemoryBucket, operation: str, other: InMemoryIngest, status: str) -> None:
    """Before an operation, let another instance handle the message of a project with a status."""

    def deliver(found: str, _: str, name: str) -> None:
        if found == operation:
            bucket.before = None
            put_record(other, status)
            other.announce()

    bucket.before = deliver


def race_refusal(service: InMemoryIngest) -> int:
    """Let another delivery store a refusal before this one promotes; return the generation."""
    generation = service.upload()
    interfere(service.packages, "objects.rewrite", InMemoryIngest(service.store), "archived")
    assert service.announce() == 204
    return generation


def list_reasons(service: InMemoryIngest) -> list[str]:
    return [each.reason for each in service.refused.messages if isinstance(each, FileRefused)]


def test_a_promotion_follows_the_stored_refusal_of_another_delivery() -> None:
    service = InMemoryIngest()
    generation = race_refusal(service)
    assert service.read_verdict(generation).reason == "project-closed"
    assert service.accepted.messages == ()
    assert list_reasons(service) == ["project-closed"]
    assert service.announce(generation=str(generation)) == 204
    assert service.accepted.messages == ()


def test_a_refusal_follows_the_stored_acceptance_and_announces_the_file() -> None:
    """The delivery that accepts the file stops before its announcement."""
    service = InMemoryIngest()
    generation = service.upload()
    put_record(service, "archived")
    other = InMemoryIngest(service.store)
    interfere(service.verdicts, "objects.insert", other, "active")

    def stop(message: object) -> None:
        raise StoppedBeforeAnnouncement

    other.accepted.before = stop
    assert service.announce() == 204
    assert service.read_verdict(generation).outcome == "accepted"
    assert service.accepted.messages == (FileAccepted(file=service.read_last_file()),)
    assert other.accepted.messages == ()
    assert service.refused.messages == ()


def test_the_digest_in_a_message_is_compared_after_another_delivery_accepted_the_file() -> None:
    service = InMemoryIngest()
    service.upload()
    put_record(service, "archived")
    interfere(service.verdicts, "objects.insert", InMemoryIngest(service.store), "active")
    assert service.announce(sha256="0" * 64) == 204
    assert service.read_answer().reason == "digest-mismatch"
    assert service.accepted.messages == ()


def test_an_accepted_file_that_is_missing_is_not_refused() -> None:
    service = InMemoryIngest()
    generation = service.upload()
    service.announce()
    service.packages.remove(FILENAME)
    put_record(service, "archived")
    assert service.announce() == 500
    assert service.read_verdict(generation).outcome == "accepted"
    assert service.refused.messages == ()


def test_two_refusals_of_an_upload_announce_the_stored_reason() -> None:
    service = InMemoryIngest()
    generation = service.upload(OTHER)
    put_record(service, "archived")
    other = InMemoryIngest(service.store, Policy(max_file_size=1))
    interfere(service.verdicts, "objects.insert", other, "archived")
    assert service.announce() == 204
    assert service.read_verdict(generation).reason == "too-large"
    assert list_reasons(service) == ["too-large"]


def test_a_message_about_a_deleted_object_follows_its_stored_refusal() -> None:
    service = InMemoryIngest()
    race_refusal(service)
    service.incoming.remove(NAME)
    assert service.announce() == 204
    assert service.accepted.messages == ()
    assert list_reasons(service) == ["project-closed"] * 2


def test_a_later_upload_of_the_same_bytes_completes_the_file() -> None:
    service = InMemoryIngest()
    race_refusal(service)
    again = f"ci/43/{FILENAME}"
    generation = service.upload(name=again)
    assert service.announce(name=again) == 204
    assert service.read_verdict(generation, again).outcome == "accepted"
    assert len(service.accepted.messages) == 1


def test_reindex_announces_the_file_too() -> None:
    service, topic = InMemoryIngest(), MemoryTopic()
    race_refusal(service)
    promotion = Promotion(service.incoming, service.packages, Policy())
    with ThreadPoolExecutor(1) as pool:
        assert list(Reindex(promotion, topic, pool).run()) == [(FILENAME, None)]
    assert len(topic.messages) == 1


@pytest.mark.parametrize("status", ["active", "archived"])
def test_two_deliveries_that_agree_have_no_further_request(status: str) -> None:
    service = InMemoryIngest()
    service.upload()
    put_record(service, status)
    requests: list[str] = []
    service.verdicts.before = lambda operation, _, name: requests.append(operation)
    service.announce()
    assert requests == ["objects.download", "objects.insert"]
