"""Ingest with fakes: outcomes and promotion; crashes, duplicates and races."""

import asyncio
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest

from checks.policy import Policy
from cloud.errors import Unavailable
from ingest.facts import FACTS_VERSION
from schemas.events import FileAccepted, FileRefused
from schemas.push import PushEnvelope
from schemas.records import FileRecord
from testing.fakes.examples import NOON
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.storage import FakeStorage, Fault
from unit.ingest.service import BINARY, FILENAME, NAME, OTHER, WHEEL, InMemoryIngest, encode_push


class ProcessKilled(BaseException):
    """Simulated end of the process."""


@pytest.fixture
def service() -> InMemoryIngest:
    return InMemoryIngest()


def read_metadata(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("acme-1.0.dist-info/METADATA")


def test_a_wheel_is_promoted_with_its_metadata_beside_it(service: InMemoryIngest) -> None:
    service.upload()
    assert service.announce() == 204
    assert service.read_package() == WHEEL
    assert service.read_package(f"{FILENAME}.metadata") == read_metadata(WHEEL)


def test_the_facts_are_those_of_the_promoted_object(service: InMemoryIngest) -> None:
    service.incoming.now = NOON
    generation = service.upload()
    service.incoming.now = NOON + timedelta(hours=1)
    service.announce()
    promoted = service.packages.stat(FILENAME)
    assert promoted is not None
    assert service.read_last_file() == FileRecord.model_validate(
        {
            "filename": FILENAME,
            "project": "acme",
            "version": "1.0",
            "sha256": hashlib.sha256(WHEEL).hexdigest(),
            "size": len(WHEEL),
            "upload_time": NOON,
            "uploader": "ci",
            "requires_python": ">=3.8",
            "requires_dist": ("requests",),
            "summary": "A tool",
            "metadata_sha256": hashlib.sha256(read_metadata(WHEEL)).hexdigest(),
            "generation": promoted.generation,
            "source_generation": generation,
            "promoted_at": NOON + timedelta(hours=1),
            "run": "42",
            "facts_version": FACTS_VERSION,
        }
    )


def test_the_promoted_object_inherits_nothing(service: InMemoryIngest) -> None:
    service.upload(sha256=hashlib.sha256(WHEEL).hexdigest(), colour="green")
    service.announce()
    promoted = service.packages.stat(FILENAME)
    assert promoted is not None
    assert promoted.metadata.keys() == {
        "sha256",
        "upload-time",
        "uploader",
        "source-generation",
        "warnings",
        "run",
        "file-rules",
    }
    assert promoted.content_type == BINARY


def test_the_verdict_has_the_address_of_the_file(service: InMemoryIngest) -> None:
    generation = service.upload()
    service.announce()
    verdict = service.read_verdict(generation)
    assert (verdict.outcome, verdict.address) == ("accepted", f"/packages/{FILENAME}")
    assert verdict.sha256 == hashlib.sha256(WHEEL).hexdigest()


def test_warnings_are_in_the_verdict_of_every_delivery(service: InMemoryIngest) -> None:
    data = build_wheel("Acme", "1.0")
    name = f"ci/42/{wheel_filename('Acme')}"
    generation = service.upload(data, name)
    service.announce(name=name)
    first = service.read_verdict(generation, name)
    assert any(warning.startswith("bad-filename") for warning in first.warnings)
    service.verdicts.remove(f"{name}/{generation}.json")
    service.announce(name=name)
    assert service.read_verdict(generation, name) == first


def test_the_same_message_three_times_changes_nothing(service: InMemoryIngest) -> None:
    service.upload()
    service.announce()
    before, facts = service.read_buckets(), service.read_last_file()
    for _ in range(2):
        assert service.announce() == 204
    assert service.read_buckets() == before
    assert service.accepted.messages == (FileAccepted(file=facts),) * 3


def test_announcing_again_reads_no_wheel_bytes(service: InMemoryIngest) -> None:
    service.upload()
    service.announce()
    service.store.counts.clear()
    service.announce()
    assert service.store.counts.requests["objects.download"] == 2, "the .metadata and the verdict"


def test_a_wheel_is_read_once(service: InMemoryIngest) -> None:
    read: list[str] = []
    service.incoming.before = lambda operation, bucket, name: read.append(operation)
    service.packages.before = lambda operation, bucket, name: read.append(operation)
    service.upload()
    service.announce()
    assert read.count("objects.download") == 1


def test_an_object_is_requested_once(service: InMemoryIngest) -> None:
    requests: list[str] = []
    service.incoming.before = lambda operation, bucket, name: requests.append(operation)
    service.upload()
    service.announce()
    assert requests.count("objects.get") == 1


def test_the_notification_of_the_bucket_is_sufficient(service: InMemoryIngest) -> None:
    generation = service.upload()
    resource = {"kind": "storage#object", "bucket": "incoming", "name": NAME, "size": "1"}
    resource["generation"] = str(generation)
    assert service.push(json.dumps(resource).encode(), eventType="OBJECT_FINALIZE") == 204
    assert service.read_package() == WHEEL


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("ci/42/", {}),
        ("gcloud/tmp/parallel_composite_uploads/x", {}),
        (NAME, {"eventType": "OBJECT_DELETE"}),
    ],
)
def test_objects_and_events_other_than_uploads_are_ignored(
    name: str, attributes: dict[str, str], service: InMemoryIngest
) -> None:
    service.upload()
    data = json.dumps({"bucket": "incoming", "name": name}).encode()
    assert service.push(data, **attributes) == 204
    assert service.read_package() is None
    assert service.read_buckets().keys() == {f"incoming/{NAME}"}
    assert service.refused.messages == ()


@pytest.mark.parametrize(
    "data", [b"", b"no json", b"[]", b'{"bucket":"incoming"}', b'{"name":"a/1/x.whl"}', b"\xff"]
)
def test_an_unreadable_message_is_refused_under_its_own_id(
    data: bytes, service: InMemoryIngest
) -> None:
    assert service.push(data) == 204
    assert service.read_answer().reason == "unreadable-message"
    (announced,) = service.refused.messages
    assert isinstance(announced, FileRefused)
    assert announced.reason == "unreadable-message"


def test_another_bucket_is_not_allowed(service: InMemoryIngest) -> None:
    assert service.announce(bucket="elsewhere") == 204
    assert service.read_answer().reason == "not-allowed"
    assert list(service.packages.list()) == []


def test_an_absent_object_is_not_found(service: InMemoryIngest) -> None:
    assert service.announce() == 204
    assert service.read_answer().reason == "not-found"


def test_a_superseded_generation_is_not_found(service: InMemoryIngest) -> None:
    old = service.upload()
    service.upload(OTHER)
    assert service.announce(generation=str(old)) == 204
    assert service.read_answer().reason == "not-found"


@pytest.mark.parametrize("generation", [True, False])
def test_an_object_that_was_deleted_after_its_promotion_is_announced_again(
    generation: bool, service: InMemoryIngest
) -> None:
    uploaded = str(service.upload())
    given = {"generation": uploaded} if generation else {}
    service.announce(**given)
    facts = service.read_last_file()
    service.incoming.remove(NAME)
    assert service.announce(**given) == 204
    assert service.accepted.messages == (FileAccepted(file=facts),) * 2
    assert service.refused.messages == ()


def test_an_absent_object_of_a_promoted_name_is_not_found_for_another_uploader(
    service: InMemoryIngest,
) -> None:
    service.upload()
    service.announce()
    other = f"other/1/{FILENAME}"
    service.announce(name=other)
    assert service.read_answer().reason == "not-found"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        (NAME, b"this is no wheel", "not-a-zip"),
        (NAME, b"", "not-a-zip"),
        ("ci/42/README.md", b"hello", "bad-filename"),
        (f"ci/42/{wheel_filename('other')}", WHEEL, "dist-info"),
        (f"ci/42/{wheel_filename('acme', '2.0')}", WHEEL, "dist-info"),
    ],
)
def test_an_invalid_wheel_is_refused(
    name: str, data: bytes, reason: str, service: InMemoryIngest
) -> None:
    generation = service.upload(data, name)
    assert service.announce(name=name) == 204
    verdict = service.read_verdict(generation, name)
    assert (verdict.outcome, verdict.reason) == ("refused", reason)
    assert verdict.detail
    assert list(service.packages.list()) == []
    (announced,) = service.refused.messages
    assert announced == FileRefused(
        reason=reason,
        detail=verdict.detail,
        bucket="incoming",
        name=name,
        generation=generation,
    )


def test_a_digest_in_the_custom_metadata_must_be_the_digest_of_the_file(
    service: InMemoryIngest,
) -> None:
    generation = service.upload(sha256="0" * 64)
    service.announce()
    assert service.read_verdict(generation).reason == "digest-mismatch"
    assert service.read_package() is None


def test_a_digest_in_the_message_decides_only_about_the_message(service: InMemoryIngest) -> None:
    generation = service.upload()
    service.announce(sha256="0" * 64)
    assert service.read_answer().reason == "digest-mismatch"
    assert service.read_package() is None
    service.announce(sha256=hashlib.sha256(WHEEL).hexdigest())
    assert service.read_verdict(generation).outcome == "accepted"
    service.announce(sha256="1" * 64)
    assert service.read_verdict(generation).outcome == "accepted"


def test_a_file_over_the_limit_is_refused_without_being_read() -> None:
    service = InMemoryIngest(policy=Policy(max_file_size=10))
    generation = service.upload()
    service.store.counts.clear()
    service.announce()
    assert service.read_verdict(generation).reason == "too-large"
    downloads = service.store.counts.answers
    assert downloads["objects.download 200"] == 1, "only the verdict, by this test"


def test_an_uploader_publishes_only_projects_it_was_granted() -> None:
    service = InMemoryIngest(policy=Policy(uploaders={"ci": ("acme-*",), "core": ("*",)}))
    generation = service.upload()
    service.announce()
    assert service.read_verdict(generation).reason == "not-allowed"
    service.upload(name=f"core/1/{FILENAME}")
    service.announce(name=f"core/1/{FILENAME}")
    assert service.read_package() == WHEEL


def test_a_refusal_is_final_for_its_generation() -> None:
    store = FakeStorage()
    strict = InMemoryIngest(store, Policy(max_file_size=10))
    generation = strict.upload()
    strict.announce()
    lax = InMemoryIngest(store)
    assert lax.announce() == 204
    assert lax.read_verdict(generation).reason == "too-large"
    assert lax.read_package() is None
    assert len(lax.refused.messages) == 1


def test_the_same_name_with_other_bytes_is_refused(service: InMemoryIngest) -> None:
    service.upload()
    service.announce()
    again = f"ci/43/{FILENAME}"
    for data in (OTHER, OTHER + b"longer"):
        generation = service.upload(data, again)
        service.announce(name=again)
        assert service.read_verdict(generation, again).reason == "exists"
    assert service.read_package() == WHEEL


def test_another_generation_of_a_promoted_object_with_other_bytes_is_refused(
    service: InMemoryIngest,
) -> None:
    """Uploader, run and name are the same, so only the generation tells the two uploads apart."""
    first = service.upload()
    service.announce()
    second = service.upload(OTHER)
    assert service.announce(generation=str(second)) == 204
    assert service.read_verdict(first).outcome == "accepted"
    assert service.read_verdict(second).reason == "exists"
    assert service.read_package() == WHEEL


def test_the_same_name_with_the_same_bytes_is_a_success(service: InMemoryIngest) -> None:
    service.upload()
    service.announce()
    first = service.read_last_file()
    again = f"ci/43/{FILENAME}"
    generation = service.upload(name=again)
    service.announce(name=again)
    assert service.read_verdict(generation, again).outcome == "accepted"
    assert service.read_last_file() == first


def test_one_of_two_concurrent_promotions_of_different_bytes_wins() -> None:
    for _ in range(20):
        store = FakeStorage()
        services = [InMemoryIngest(store), InMemoryIngest(store)]
        rivals = {f"ci/{n}/{FILENAME}": data for n, data in enumerate((WHEEL, OTHER))}
        generations = {name: services[0].upload(data, name) for name, data in rivals.items()}
        barrier = threading.Barrier(2)
        threads = [
            threading.Thread(target=_race, args=(service, name, barrier))
            for service, name in zip(services, rivals, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        outcomes = {name: services[0].read_verdict(generations[name], name) for name in rivals}
        (winner,) = [name for name, verdict in outcomes.items() if verdict.outcome == "accepted"]
        (loser,) = set(rivals) - {winner}
        assert outcomes[loser].reason == "exists"
        assert services[0].read_package() == rivals[winner]
        assert services[0].read_package(f"{FILENAME}.metadata") == read_metadata(rivals[winner])


def _race(service: InMemoryIngest, name: str, barrier: threading.Barrier) -> None:
    def meet(operation: str, bucket: str, _name: str) -> None:
        if operation == "objects.rewrite":
            barrier.wait(timeout=600)

    service.packages.before = meet
    assert service.announce(name=name) == 204


def test_a_storage_failure_is_not_acknowledged(service: InMemoryIngest) -> None:
    service.upload()
    service.packages.fault(Fault(operation="objects.rewrite"))
    assert service.announce() == 503
    assert service.announce() == 204
    assert service.read_package() == WHEEL


def test_a_rewrite_that_succeeded_without_a_response_is_found(service: InMemoryIngest) -> None:
    service.upload()
    service.packages.fault(Fault(operation="objects.rewrite", when="after"))
    assert service.announce() == 503
    assert service.announce() == 204
    assert service.read_last_file().sha256 == hashlib.sha256(WHEEL).hexdigest()


def _create_kill_hook(step: int) -> Callable[[object], None]:
    remaining = [step]

    def hook(*_: object) -> None:
        remaining[0] -= 1
        if remaining[0] < 0:
            raise ProcessKilled

    return hook


def _announce_and_kill(service: InMemoryIngest, step: int, when: str) -> bool:
    """Announce, with a kill at ``step``; return True if the step was reached."""
    message = json.dumps({"bucket": "incoming", "name": NAME}).encode()
    push = PushEnvelope.model_validate_json(encode_push(message, "77", {}))
    hook = _create_kill_hook(step)
    fakes = (service.incoming, service.packages, service.verdicts, service.accepted)
    for fake in fakes:
        setattr(fake, when, hook)
    try:
        asyncio.run(service.ingest.handle_upload(push))
    except ProcessKilled:
        return True
    finally:
        for fake in fakes:
            setattr(fake, when, None)
    return False


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_and_delivered_again_it_ends_in_the_same_state(when: str) -> None:
    step = 0
    while True:
        service = InMemoryIngest()
        service.incoming.now = NOON
        generation = service.upload()
        killed = _announce_and_kill(service, step, when)
        assert service.announce(generation=str(generation)) == 204
        promoted = service.packages.stat(FILENAME)
        assert promoted is not None
        assert service.read_package() == WHEEL
        assert service.read_package(f"{FILENAME}.metadata") == read_metadata(WHEEL)
        assert service.read_verdict(generation).outcome == "accepted"
        assert service.read_verdict(generation).time == NOON
        assert service.read_last_file().generation == promoted.generation
        assert len(service.read_buckets()) == 4
        if not killed:
            break
        step += 1
    assert step >= 6, "there are at least six steps"


def test_a_lost_announcement_is_repeated(service: InMemoryIngest) -> None:
    service.upload()

    def lose(message: object) -> None:
        raise Unavailable("topic", "gone")

    service.accepted.before = lose
    assert service.announce() == 503
    service.accepted.before = None
    assert service.announce() == 204
    assert len(service.accepted.messages) == 1


def test_a_file_whose_verdict_is_not_stored_is_not_announced(service: InMemoryIngest) -> None:
    service.upload()
    service.verdicts.fault(Fault(operation="objects.insert", bucket="verdicts"))
    assert service.announce() == 503
    assert service.accepted.messages == ()
    assert service.announce() == 204
    assert len(service.accepted.messages) == 1
