"""Ingest killed (SIGKILL) at each step of a promotion and of a refusal, then redelivery.

A process with the strict Cloud Storage and the built-in Pub/Sub is killed before and after every
storage operation and every message, once each. Then another instance receives the message and the
notification of the bucket, in both orders. The buckets are the same as without a kill, and the
result was announced.
"""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

import pytest

from local import topology
from schemas import layout as objects
from schemas.names import validate_filename
from testing.corpus.wheels import FILENAME, make_wheel
from testing.fakes.examples import NOON
from testing.services.ingest_processes import (
    IngestProcesses,
    Instance,
    run_ingest,
    unavailable_error,
)
from testing.storage import fault_error

NAME = f"ci/42/{FILENAME}"
GOOD = make_wheel().build()
HOSTILE = GOOD + b"\0"

Contents = dict[str, tuple[bytes, dict[str, str]]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IngestProcesses]:
    with (tmp_path_factory.mktemp("ingest") / "log").open("wb") as log, run_ingest(log) as built:
        yield built


@pytest.fixture(scope="module")
def survivor(site: IngestProcesses) -> Instance:
    instance = site.spawn()
    instance.await_ready()
    return instance


@dataclass
class Trap:
    """Hook that kills an instance before or after a step."""

    victim: Instance | None
    at: int
    when: str
    steps: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set(self, site: IngestProcesses) -> None:
        site.storage.before = lambda operation, bucket, name: self._pass(
            "before", f"{operation} {bucket}", lambda: fault_error(503)
        )
        site.storage.after = lambda operation, bucket, name: self._pass(
            "after", f"{operation} {bucket}", lambda: fault_error(503)
        )
        site.broker.before = lambda step: self._pass("before", step, unavailable_error)
        site.broker.after = lambda step: self._pass("after", step, unavailable_error)

    def _pass(self, when: str, step: str, stop: Callable[[], Exception]) -> None:
        if when != self.when:
            return
        with self._lock:
            self.steps.append(step)
            reached = len(self.steps) == self.at + 1
        if reached and self.victim is not None:
            self.victim.kill()
            raise stop()


def encode_announcement(generation: int) -> bytes:
    return json.dumps({"bucket": topology.INCOMING, "name": NAME}).encode()


def encode_notification(generation: int) -> bytes:
    resource = {"bucket": topology.INCOMING, "name": NAME, "generation": str(generation)}
    return json.dumps({"kind": "storage#object", **resource}).encode()


def read_buckets(site: IngestProcesses, generation: int) -> Contents:
    """Return data and custom metadata of all objects, without values that differ between runs.

    Generations are masked. The time of a refusal is removed, because it is from the real clock.
    """
    promoted = site.storage.buckets[topology.PACKAGES].live.get(FILENAME)
    masks = {str(generation): "<incoming>"}
    if promoted is not None:
        masks[str(promoted.generation)] = "<promoted>"

    def mask(text: str) -> str:
        for number, masked in masks.items():
            text = text.replace(number, masked)
        return text

    def normalize(bucket: str, raw: bytes) -> bytes:
        if bucket != topology.VERDICTS:
            return raw
        verdict = json.loads(mask(raw.decode()))
        if verdict["outcome"] == "refused":
            del verdict["time"]
        return json.dumps(verdict).encode()

    return {
        mask(f"{bucket}/{name}"): (
            normalize(bucket, bytes(version.data)),
            {key: mask(value) for key, value in version.attributes.metadata.items()},
        )
        for bucket in topology.BUCKETS.values()
        for name, version in site.storage.buckets[bucket].live.items()
    }


def upload(site: IngestProcesses, data: bytes) -> int:
    site.reset()
    site.storage.now = NOON
    return site.storage.insert(topology.INCOMING, NAME, data).generation


def run_without_kill(
    site: IngestProcesses, survivor: Instance, data: bytes
) -> tuple[Contents, list[str]]:
    """Return the buckets and the steps of a delivery without a kill."""
    generation = upload(site, data)
    watch = Trap(None, 0, "after")
    watch.set(site)
    assert survivor.push(encode_announcement(generation)) == 204
    return read_buckets(site, generation), watch.steps


def kill_and_redeliver(
    site: IngestProcesses, survivor: Instance, data: bytes, at: int, when: str
) -> tuple[Contents, int]:
    """Kill at a step, redeliver both messages; return the buckets and the number of announcements.

    The announcements are counted after the first redelivery.
    """
    victim = site.spawn()
    victim.await_ready()
    generation = upload(site, data)
    trap = Trap(victim, at, when)
    trap.set(site)
    triggers = [encode_announcement(generation), encode_notification(generation)]
    assert victim.push(triggers[0]) == 0, f"step {at} was not reached: {trap.steps}"
    site.storage.before = site.storage.after = site.broker.before = site.broker.after = None
    first, second = triggers if (at + (when == "after")) % 2 else reversed(triggers)
    assert survivor.push(first) == 204
    after_one = read_buckets(site, generation)
    count = len(site.broker.published)
    assert survivor.push(second) == 204
    assert read_buckets(site, generation) == after_one, "the second redelivery changed the buckets"
    return after_one, count


@pytest.mark.parametrize(
    ("data", "topic", "fewest"),
    [(GOOD, "publish file-accepted", 8), (HOSTILE, "publish file-refused", 7)],
    ids=["promotion", "refusal"],
)
def test_killed_at_any_step_and_delivered_again_the_buckets_are_the_same(
    data: bytes, topic: str, fewest: int, site: IngestProcesses, survivor: Instance
) -> None:
    expected, steps = run_without_kill(site, survivor, data)
    assert steps[-1] == topic
    assert len(steps) >= fewest, steps
    kills = product(range(len(steps)), ("before", "after"))
    for at, when in kills:
        found, count = kill_and_redeliver(site, survivor, data, at, when)
        assert found == expected, f"killed {when} {steps[at]}"
        assert count >= 1, f"nothing was announced after a kill {when} {steps[at]}"


def test_a_promotion_leaves_file_metadata_and_verdict(
    site: IngestProcesses, survivor: Instance
) -> None:
    found, _ = run_without_kill(site, survivor, GOOD)
    assert found.keys() == {
        f"{topology.INCOMING}/{NAME}",
        f"{topology.PACKAGES}/{FILENAME}",
        f"{topology.PACKAGES}/{objects.locate_core_metadata(validate_filename(FILENAME))}",
        f"{topology.VERDICTS}/{NAME}/<incoming>.json",
    }
    assert found[f"{topology.PACKAGES}/{FILENAME}"][0] == GOOD
