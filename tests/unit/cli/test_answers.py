"""Answers in the verdicts bucket, and the polling for them."""

from datetime import UTC, datetime

import pytest

from cloud.errors import PermissionDenied, Unavailable
from cloud.ports import Headers, StoredObject
from gcpypi.connection.answers import Polling, find_command_verdict, find_verdict
from gcpypi.errors import CommandFailure, ExitCode
from schemas.verdict_documents import CommandVerdict, Verdict
from testing.fakes.memory_ports import MemoryBucket

NOW = datetime(2026, 11, 28, tzinfo=UTC)
JSON = Headers("application/json", "no-store")
VERDICT = Verdict(
    outcome="refused", bucket="incoming", name="acme/1/a.whl", generation=7, time=NOW, reason="name"
)


class DeniedBucket(MemoryBucket):
    """Bucket that answers every read with 403, like Cloud Storage without the right to list."""

    def read(self, name: str) -> StoredObject | None:
        raise PermissionDenied(f"gs://{self.name}/{name}", "no storage.objects.list")


class UnreadableBucket(MemoryBucket):
    """Bucket that answers every read with 403, like Cloud Storage without the right to read."""

    def read(self, name: str) -> StoredObject | None:
        raise PermissionDenied(f"gs://{self.name}/{name}", "403 no storage.objects.get access")


class LostBucket(MemoryBucket):
    """Bucket of a Cloud Storage that does not answer."""

    def read(self, name: str) -> StoredObject | None:
        raise Unavailable(f"gs://{self.name}/{name}", "no response")


class FakeClock:
    """Clock that only a sleep advances."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses = list[float]()

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def poll(patience: float, clock: FakeClock) -> Polling:
    return Polling(patience, clock.read, clock.sleep)


def test_a_verdict_is_found_by_the_name_and_the_generation_of_its_object() -> None:
    verdicts = MemoryBucket("verdicts")
    verdicts.write("acme/1/a.whl/7.json", VERDICT.model_dump_json().encode(), JSON, if_generation=0)

    assert find_verdict(verdicts, "acme/1/a.whl", 7) == VERDICT
    assert find_verdict(verdicts, "acme/1/a.whl", 8) is None


def test_a_verdict_on_a_command_is_found_by_its_id() -> None:
    verdicts = MemoryBucket("verdicts")
    verdict = CommandVerdict(outcome="done", command_id="acme.1", time=NOW)
    verdicts.write(
        "commands/acme.1.json", verdict.model_dump_json().encode(), JSON, if_generation=0
    )

    assert find_command_verdict(verdicts, "acme.1") == verdict
    assert find_command_verdict(verdicts, "acme.2") is None


def test_a_forbidden_verdict_is_absent() -> None:
    assert find_verdict(DeniedBucket("verdicts"), "acme/1/a.whl", 7) is None


def test_a_storage_that_does_not_answer_is_no_absence() -> None:
    with pytest.raises(Unavailable):
        find_verdict(LostBucket("verdicts"), "acme/1/a.whl", 7)


def test_an_unreadable_verdict_is_a_failure() -> None:
    verdicts = MemoryBucket("verdicts")
    verdicts.write("acme/1/a.whl/7.json", b"{", JSON, if_generation=0)

    with pytest.raises(CommandFailure, match="upgrade gcpypi") as failure:
        find_verdict(verdicts, "acme/1/a.whl", 7)

    assert failure.value.code == ExitCode.UNAVAILABLE


def test_a_polling_ends_with_the_first_value() -> None:
    clock, answers = FakeClock(), iter([None, None, "done"])

    assert poll(60, clock).wait_for(lambda: next(answers)) == "done"
    assert clock.pauses == [0.1, 0.2]


def test_the_pauses_of_a_polling_grow_and_the_last_round_is_at_the_deadline() -> None:
    clock = FakeClock()

    assert poll(10, clock).wait_for(lambda: None) is None
    assert clock.pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 0.9])


def test_the_pauses_begin_again_after_a_reset() -> None:
    clock = FakeClock()
    polling = poll(60, clock)
    for number, _ in enumerate(polling.iterate_rounds()):
        if number == 2:
            polling.reset_pauses()
        if number == 4:
            break

    assert clock.pauses == pytest.approx([0.1, 0.2, 0.1, 0.2])


def test_a_verdict_of_a_newer_release_asks_for_an_upgrade() -> None:
    verdicts = MemoryBucket("verdicts")
    verdicts.put("acme/1/a.whl/7.json", b'{"schema_version": 9}')

    with pytest.raises(CommandFailure, match="upgrade gcpypi"):
        find_verdict(verdicts, "acme/1/a.whl", 7)


def test_a_missing_right_to_read_is_no_absence() -> None:
    verdicts = UnreadableBucket("verdicts")

    with pytest.raises(PermissionDenied):
        find_verdict(verdicts, "acme/1/a.whl", 7)
    with pytest.raises(PermissionDenied):
        find_command_verdict(verdicts, "acme.0")
