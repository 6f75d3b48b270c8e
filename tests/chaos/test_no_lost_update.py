"""No update is lost: many indexers and publishers, each a process, at the same projects at once.

Everything is delivered three times, in no order, again and again until it is taken, while one in a
hundred storage operations fails, before or after its work, and a name takes one write a second.
``CHAOS=full`` (``make chaos``) runs it at the size that the issue names.
"""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from random import Random

import httpx
import pytest

from chaos.model import Model, announcements, commands
from cloud.storage import StorageBucket, connect
from local import layout
from local.stand_ins.relay import Relay, subscriber
from schemas import layout as objects
from schemas.events import Message
from schemas.records import Blocked, CommandVerdict, ProjectRecord
from testing.services.fleet import Fleet, fleet
from testing.services.pubsub import PARENT, PubSub

DELIVERIES = 3
SCALE = 0.005
"""Of production's back-off: 0.05 s to 3 s."""
QUIET = 600 * SCALE + 0.5
"""Seconds without a push after which none is coming."""
PATIENCE = 900.0
_WATCHED = (layout.METADATA, layout.STATIC, layout.VERDICTS)


@dataclass(frozen=True)
class Size:
    """How much happens."""

    indexers: int
    publishers: int
    projects: int
    files: int
    commands: int
    write_interval: float
    """Seconds between two writes to one name; Cloud Storage has about 1."""


FULL = Size(6, 3, projects=20, files=100, commands=300, write_interval=1.0)
SMALL = Size(3, 1, projects=3, files=15, commands=20, write_interval=0.2)
SIZE = FULL if os.environ.get("CHAOS") == "full" else SMALL


class Pushes:
    """Counts pushes on their way, so as to know when there are no more."""

    def __init__(self) -> None:
        self.count = 0
        self._under_way = 0
        self._last = time.monotonic()

    def began(self) -> None:
        self.count += 1
        self._under_way += 1

    def ended(self) -> None:
        self._under_way -= 1
        self._last = time.monotonic()

    def quiet(self) -> bool:
        return self._under_way == 0 and time.monotonic() - self._last > QUIET


class Counted(httpx.AsyncBaseTransport):
    """The wire to one worker. Not one to all: its time is quadratic in the connections it holds."""

    def __init__(self, pushes: Pushes) -> None:
        self._pushes = pushes
        self._wire = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._pushes.began()
        try:
            return await self._wire.handle_async_request(request)
        finally:
            self._pushes.ended()

    async def aclose(self) -> None:
        await self._wire.aclose()


async def _push(
    running: Fleet, pubsub: PubSub, messages: Sequence[Message], pushes: Pushes
) -> None:
    """Publish, and deliver until it is quiet; workers of a kind compete for their messages."""
    client = subscriber(running.pubsub)
    endpoints = {
        "ingest": [],
        "indexer": running.indexers,
        "publisher": running.publishers,
    }
    async with AsyncExitStack() as stack:
        relays = []
        for each in layout.SUBSCRIPTIONS:
            for url in endpoints.get(each.service, [running.catalog]):
                wire = httpx.AsyncClient(timeout=600, transport=Counted(pushes))
                http = await stack.enter_async_context(wire)
                path = f"{PARENT}/subscriptions/{each.name}"
                # One run of the catalog answers all who wait: it is to have many wait.
                window = 2000 if each.service == "catalog" else layout.WINDOW
                endpoint = url + each.path
                relays.append(Relay(client, http, path, endpoint, scale=SCALE, window=window))
        delivering = asyncio.gather(*(relay.run() for relay in relays))
        await asyncio.to_thread(pubsub.publish, messages)
        give_up = time.monotonic() + PATIENCE
        while not pushes.quiet():
            assert time.monotonic() < give_up, "it does not come to rest"
            await asyncio.sleep(0.2)
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering


@dataclass(frozen=True)
class Outcome:
    """What there was when it was over."""

    model: Model
    commands: Sequence[str]
    dead_letters: Sequence[bytes]
    answers: Mapping[str, int]
    objects: Mapping[str, Mapping[str, bytes]]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    random = Random(4)  # noqa: S311 - the same chaos every time
    files = announcements(SIZE.projects, SIZE.files)
    orders = commands(files, SIZE.commands, random)
    messages: list[Message] = [*files, *orders] * DELIVERIES
    random.shuffle(messages)
    log = tmp_path_factory.mktemp("chaos") / "log"
    with fleet(log, SIZE.indexers, SIZE.publishers, SIZE.write_interval) as running:
        pubsub, pushes = PubSub(running.pubsub), Pushes()
        for when in ("before", "after"):
            running.fault(when=when, status=503, probability=0.005, times=None)
        started = time.monotonic()
        asyncio.run(_push(running, pubsub, messages, pushes))
        seconds = time.monotonic() - started - QUIET
        running.heal()
        answers = running.answers()
        print(f"\n{len(messages)} messages, {pushes.count} pushes in {seconds:.0f} s: {answers}")
        yield Outcome(
            Model.of([*files, *orders]),
            [order.command_id or "" for order in orders],
            pubsub.dead_letters(),
            answers,
            _objects(running.storage),
        )


def _objects(url: str) -> dict[str, dict[str, bytes]]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STORAGE_EMULATOR_HOST", url)
        client = connect(layout.PROJECT)
    buckets = (StorageBucket(client, name) for name in _WATCHED)
    found = {
        bucket.name: {info.name: b"".join(bucket.stream(info)) for info in bucket.list()}
        for bucket in buckets
    }
    client.close()
    return found


def test_the_storage_was_as_hostile_as_meant(outcome: Outcome) -> None:
    answered = {status.split()[1] for status in outcome.answers}
    assert {"412", "429"} <= answered


def test_every_record_is_that_of_the_sequential_model(outcome: Outcome) -> None:
    records = map(ProjectRecord.model_validate_json, outcome.objects[layout.METADATA].values())
    found = {record.project: record.model_copy(update={"revision": 0}) for record in records}
    assert found == outcome.model.records()


def test_every_page_is_that_of_the_sequential_model(outcome: Outcome) -> None:
    pages = dict(outcome.objects[layout.STATIC])
    pages.pop(objects.BLOCKED)
    assert pages == outcome.model.pages()


def test_what_is_blocked_is_that_of_the_sequential_model(outcome: Outcome) -> None:
    blocked = Blocked.model_validate_json(outcome.objects[layout.STATIC][objects.BLOCKED])
    projects = {
        name: entry.model_copy(update={"revision": 0}) for name, entry in blocked.projects.items()
    }
    assert Blocked(projects=projects) == outcome.model.blocked()


def test_every_command_is_answered_as_done(outcome: Outcome) -> None:
    verdicts = map(CommandVerdict.model_validate_json, outcome.objects[layout.VERDICTS].values())
    found = {verdict.command_id: verdict.outcome for verdict in verdicts}
    assert found == dict.fromkeys(outcome.commands, "done")


def test_nothing_is_dead_lettered(outcome: Outcome) -> None:
    assert list(outcome.dead_letters) == []
