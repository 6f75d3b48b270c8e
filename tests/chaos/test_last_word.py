"""The newest record has the last word, from the first message to the last page.

tests/unit/publisher/test_last_word.py holds the publisher to it, given the records. Here the
records are made as well: indexers, publishers and catalogs are stopped before every operation on a
bucket and every announcement, killed there, resumed; messages come in any order, some twice, and
again after a kill, and only then. However it went: once all messages are dealt with, the record is
that of the sequential model, and the pages, ``blocked.json`` and the catalog are that record's.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.model import Model
from chassis.outcomes import TooEarly
from indexer.commit import RETRY, Records
from indexer.merge import Change, IssuedCommand
from schemas import layout
from schemas.events import FileAccepted, Message, ProjectCommand
from schemas.records import Blocked, ProjectRecord
from testing.fakes.examples import NOON, file_record, later
from testing.fakes.memory import MemoryBucket, MemoryTopic
from unit.publisher.world import ACME, Hook, Instance, Stepper, Store

WHEEL = file_record("acme-1.0-py3-none-any.whl")
SDIST = file_record("acme-1.0.tar.gz")


def command(second: int, action: str, **subject: str) -> ProjectCommand:
    given = {"action": action, "project": ACME, "issued_at": later(second), **subject}
    return ProjectCommand.model_validate({**given, "command_id": f"{action}-{second}"})


FILES = (FileAccepted(file=WHEEL), FileAccepted(file=SDIST))
TOGGLES = (
    command(1, "yank", version="1.0"),
    command(2, "unyank", version="1.0"),
    command(3, "yank", version="1.0"),
    command(1, "remove", filename=WHEEL.filename),
    command(2, "restore", filename=WHEEL.filename),
    command(1, "set-status", status="quarantined"),
    command(2, "set-status", status="active"),
)


def change(message: Message) -> Change:
    if isinstance(message, FileAccepted):
        return message.file
    assert isinstance(message, ProjectCommand)
    assert message.issued_at is not None
    return IssuedCommand(message, message.command_id or "", message.issued_at, later(3600))


@dataclass(frozen=True)
class Delivery:
    """A message on one of its subscriptions."""

    message: Message
    work: Callable[[Message, Hook], None]

    def begin(self) -> Stepper:
        """Hand it to an instance, stopped before its first step."""
        return Stepper(lambda hook: self.work(self.message, hook))


def undisturbed(*step: object) -> None:
    """The hook of an instance that nobody stops."""


class TwoInstances:
    """What all instances share, and the deliveries that wait for one."""

    def __init__(self, *messages: Message) -> None:
        self.store, self.indexed = Store(), MemoryTopic()
        self.waiting = [Delivery(message, self.index) for message in messages]

    def index(self, message: Message, hook: Hook) -> None:
        """What an indexer does with a message."""
        topic = MemoryTopic()
        topic.before = lambda _: hook("publish", "project-indexed", "")
        topic.after = self.indexed.publish
        metadata = MemoryBucket("metadata", storage=self.store.storage)
        metadata.before = hook
        # A clock that stands still, so that revisions go up by one and could be confused.
        records = Records(metadata, topic, lambda: NOON, replace(RETRY, sleep=lambda seconds: None))
        for failure in records.commit(ACME, [change(message)]):
            if isinstance(failure, TooEarly):
                self.waiting.append(Delivery(message, self.index))

    def publish(self, message: Message, hook: Hook) -> None:
        """What a publisher does with a message."""
        Instance(self.store, hook).publish()

    def list_all(self, message: Message, hook: Hook) -> None:
        """What the catalog does with a message."""
        Instance(self.store, hook).catalog.publish()

    def collect(self) -> list[Delivery]:
        """The deliveries that wait, those of new announcements among them."""
        for message in self.indexed.take():
            self.waiting += [Delivery(message, self.publish), Delivery(message, self.list_all)]
        return self.waiting

    def drain(self) -> None:
        """Deal with all that waits, undisturbed, and with what it leads to."""
        while waiting := self.collect():
            delivery = waiting.pop(0)
            delivery.work(delivery.message, undisturbed)

    def record(self) -> ProjectRecord:
        stored = MemoryBucket("metadata", storage=self.store.storage).read(layout.record(ACME))
        assert stored is not None
        return ProjectRecord.model_validate_json(stored.data)


def assert_settled(world: TwoInstances, messages: Sequence[Message]) -> None:
    model, record = Model.of(messages), world.record()
    assert record.model_copy(update={"revision": 0}) == model.record(ACME)
    pages = dict(world.store.pages())
    blocked = Blocked.model_validate_json(pages.pop(layout.BLOCKED, Blocked().encode()))
    assert pages == model.pages("Packages")
    entries = {p: e.model_copy(update={"revision": 0}) for p, e in blocked.projects.items()}
    assert Blocked(projects=entries) == model.blocked()


STEPS = range(6)
"""A commit that loses one race reads, writes, reads, writes and announces."""


@pytest.mark.parametrize("kills", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("second", [FILES[1], TOGGLES[1]], ids=["file", "unyank"])
def test_two_indexers_stopped_and_killed_at_any_steps_lose_no_update(
    second: Message, kills: tuple[bool, bool]
) -> None:
    """The announcement of the newest revision is not lost either: the publishers live by it."""
    messages = (TOGGLES[0], second)
    for stops in product(STEPS, STEPS):
        world = TwoInstances(FILES[0])
        world.drain()
        deliveries = [Delivery(message, world.index) for message in messages]
        steppers = [delivery.begin() for delivery in deliveries]
        for stepper, stop in zip(steppers, stops, strict=True):
            stepper.step(stop)
        for stepper, killed, delivery in zip(steppers, kills, deliveries, strict=True):
            if killed and not stepper.done:
                stepper.kill()
                world.waiting.append(delivery)
            stepper.finish()
        world.drain()
        assert_settled(world, [FILES[0], *messages])


class Schedule:
    """Plays a list of actions on a world, then lets everything come to its end."""

    def __init__(self, world: TwoInstances) -> None:
        self.world = world
        self._running: list[tuple[Delivery, Stepper]] = []
        self._taken: list[Delivery] = []

    def play(self, actions: Sequence[tuple[str, int, int]]) -> None:
        for action, index, steps in actions:
            getattr(self, action)(index, steps)
        for _, stepper in self._running:
            stepper.finish()
        self.world.drain()

    def begin(self, index: int, steps: int) -> None:
        """Hand a delivery to an instance of its own: any of those that wait, not the oldest."""
        waiting = self.world.collect()
        if waiting and len(self._running) < 6:
            delivery = waiting.pop(index % len(waiting))
            self._taken.append(delivery)
            self._running.append((delivery, delivery.begin()))

    def again(self, index: int, steps: int) -> None:
        """Deliver once more what was delivered before, acknowledged or not."""
        if self._taken:
            self.world.waiting.append(self._taken[index % len(self._taken)])

    def step(self, index: int, steps: int) -> None:
        if self._running:
            self._running[index % len(self._running)][1].step(steps)

    def kill(self, index: int, steps: int) -> None:
        """End an instance; what it did not acknowledge comes again."""
        if self._running:
            delivery, stepper = self._running.pop(index % len(self._running))
            if not stepper.done:
                stepper.kill()
                self.world.waiting.append(delivery)

    def finish(self, index: int, steps: int) -> None:
        if self._running:
            self._running.pop(index % len(self._running))[1].finish()


actions = st.lists(
    st.tuples(
        st.sampled_from(["begin", "begin", "step", "step", "finish", "kill", "again"]),
        st.integers(0, 9),
        st.integers(1, 4),
    ),
    max_size=60,
)


@given(order=st.permutations([*FILES, *TOGGLES]), schedule=actions)
@settings(max_examples=2000 if os.environ.get("CHAOS") == "full" else 80, deadline=None)
def test_whatever_happens_the_settled_state_is_that_of_the_newest_record(
    order: Sequence[Message], schedule: Sequence[tuple[str, int, int]]
) -> None:
    world = TwoInstances(*order)
    Schedule(world).play(schedule)
    assert_settled(world, order)


def test_a_kill_between_write_and_announcement_leaves_pages_behind_until_redelivery() -> None:
    """What the redelivery is for: without it the newest record would not be published."""
    world = TwoInstances(FILES[0])
    world.drain()
    stepper = Delivery(TOGGLES[0], world.index).begin()
    stepper.step(2)
    stepper.kill()
    world.drain()
    assert b'"yanked":false' in world.store.data(layout.project_json(ACME))
    world.index(TOGGLES[0], undisturbed)
    world.drain()
    assert_settled(world, [FILES[0], TOGGLES[0]])
