"""Updates of the same projects by many indexer and publisher processes: none is lost.

Every message is delivered three times, in random order, until it is acknowledged. One of a hundred
storage operations fails, before or after its effect. A name accepts one write per second.
``CHAOS=full`` (``make chaos``) selects the full size.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import pytest

from chaos.model import (
    SequentialModel,
    create_announcements,
    create_commands,
    forget_revisions,
    get_command_id,
)
from cloud.storage import StorageBucket, connect
from local import topology
from local.stand_ins.leased_messages import LeasedMessages, connect_subscriber
from local.stand_ins.relay import Post, Relay, make_post, make_session
from schemas import layout as objects
from schemas.push import Message
from schemas.records import Blocked, ProjectRecord
from schemas.verdict_documents import CommandVerdict
from testing.services.fleet import Fleet, run_fleet
from testing.services.pubsub_client import PARENT, PubSub
from testing.services.rendered_web_pages import render_web_pages

DELIVERIES = 3
SCALE = 0.005
"""Factor of the back-off in production: 0.05 s to 3 s."""
QUIET = 600 * SCALE + 0.5
"""Seconds without a push after which the test ends."""
PATIENCE = 900.0
_WATCHED = (topology.METADATA, topology.STATIC, topology.VERDICTS)


@dataclass(frozen=True)
class LoadSize:
    """Number of instances, projects, files and commands."""

    indexers: int
    publishers: int
    projects: int
    files: int
    commands: int
    write_interval: float
    """Seconds between two writes to one name; about 1 in Cloud Storage."""


FULL = LoadSize(6, 3, projects=20, files=100, commands=300, write_interval=1.0)
SMALL = LoadSize(3, 1, projects=3, files=15, commands=20, write_interval=0.2)
SIZE = FULL if os.environ.get("CHAOS") == "full" else SMALL


class PushCounter:
    """Counter of running pushes, which detects the end of all deliveries."""

    def __init__(self) -> None:
        self.count = 0
        self._running = 0
        self._last = time.monotonic()

    def begin(self) -> None:
        self.count += 1
        self._running += 1

    def end(self) -> None:
        self._running -= 1
        self._last = time.monotonic()

    def is_quiet(self) -> bool:
        return self._running == 0 and time.monotonic() - self._last > QUIET


def count_posts(post: Post, pushes: PushCounter) -> Post:
    """Return a function that posts like ``post``, and counts the open requests."""

    async def post_and_count(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        pushes.begin()
        try:
            return await post(url, body, headers)
        finally:
            pushes.end()

    return post_and_count


async def _push(
    running: Fleet, pubsub: PubSub, messages: Sequence[Message], pushes: PushCounter
) -> None:
    """Publish and deliver until no push is left; workers of a service compete for messages."""
    client = connect_subscriber(running.pubsub)
    endpoints = {
        "ingest": [],
        "indexer": running.indexers,
        "publisher": running.publishers,
        "web": [running.web],
    }
    async with make_session(topology.ACK_DEADLINE) as http:
        relays, post = [], count_posts(make_post(http), pushes)
        for each in topology.SUBSCRIPTIONS:
            path = f"{PARENT}/subscriptions/{each.name}"
            for url in endpoints.get(each.service, [running.catalog]):
                leased = LeasedMessages(client, path, topology.ACK_DEADLINE)
                # One run of the catalog answers all waiting pushes: let many of them wait.
                window = 2000 if each.service == "catalog" else topology.WINDOW
                endpoint = url + each.path
                relays.append(Relay(leased, post, endpoint, scale=SCALE, window=window))
        delivering = asyncio.gather(*(relay.run() for relay in relays))
        await asyncio.to_thread(pubsub.publish, messages)
        give_up = time.monotonic() + PATIENCE
        while not pushes.is_quiet():
            assert time.monotonic() < give_up, f"pushes go on after {PATIENCE:.0f} s"
            await asyncio.sleep(0.2)
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering


@dataclass(frozen=True)
class ChaosResult:
    """State after all deliveries."""

    model: SequentialModel
    commands: Sequence[str]
    dead_letters: Sequence[bytes]
    answers: Mapping[str, int]
    objects: Mapping[str, Mapping[str, bytes]]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChaosResult]:
    random = Random(4)  # noqa: S311 - the same chaos every time
    files = create_announcements(SIZE.projects, SIZE.files)
    orders = create_commands(files, SIZE.commands, random)
    messages: list[Message] = [*files, *orders] * DELIVERIES
    random.shuffle(messages)
    log = tmp_path_factory.mktemp("chaos") / "log"
    with run_fleet(log, SIZE.indexers, SIZE.publishers, SIZE.write_interval) as running:
        pubsub, pushes = PubSub(running.pubsub), PushCounter()
        for when in ("before", "after"):
            running.fault(when=when, status=503, probability=0.005, times=None)
        started = time.monotonic()
        asyncio.run(_push(running, pubsub, messages, pushes))
        seconds = time.monotonic() - started - QUIET
        running.heal()
        answers = running.count_answers()
        print(f"\n{len(messages)} messages, {pushes.count} pushes in {seconds:.0f} s: {answers}")
        yield ChaosResult(
            SequentialModel.from_messages([*files, *orders]),
            [get_command_id(order) for order in orders],
            pubsub.pull_dead_letters(),
            answers,
            _read_objects(running.storage),
        )


def _read_objects(url: str) -> dict[str, dict[str, bytes]]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", url)
        client = connect(topology.GCP_PROJECT)
    buckets = (StorageBucket(client, name) for name in _WATCHED)
    found = {
        bucket.name: {info.name: b"".join(bucket.stream(info)) for info in bucket.list()}
        for bucket in buckets
    }
    client.close()
    return found


def test_the_storage_answered_with_412_and_429(result: ChaosResult) -> None:
    answered = {status.split()[1] for status in result.answers}
    assert {"412", "429"} <= answered


def test_every_record_is_that_of_the_sequential_model(result: ChaosResult) -> None:
    records = map(ProjectRecord.model_validate_json, result.objects[topology.METADATA].values())
    found = {record.project: forget_revisions(record) for record in records}
    assert found == result.model.build_records()


def test_every_page_is_that_of_the_sequential_model(result: ChaosResult) -> None:
    pages = dict(result.objects[topology.STATIC])
    pages.pop(objects.BLOCKED)
    web = render_web_pages(result.model.build_records().values())
    assert pages == result.model.render_pages() | web


def test_blocked_json_is_that_of_the_sequential_model(result: ChaosResult) -> None:
    blocked = Blocked.model_validate_json(result.objects[topology.STATIC][objects.BLOCKED])
    projects = {
        name: entry.model_copy(update={"revision": 0}) for name, entry in blocked.projects.items()
    }
    assert Blocked(projects=projects) == result.model.build_blocked()


def test_every_command_is_answered_as_done(result: ChaosResult) -> None:
    verdicts = map(CommandVerdict.model_validate_json, result.objects[topology.VERDICTS].values())
    found = {verdict.command_id: verdict.outcome for verdict in verdicts}
    assert found == dict.fromkeys(result.commands, "done")


def test_nothing_is_dead_lettered(result: ChaosResult) -> None:
    assert list(result.dead_letters) == []
