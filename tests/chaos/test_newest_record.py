"""Pages of the newest record, after any order of messages, stops and kills (indexer to catalog).

tests/unit/publisher/test_stale_instances.py tests the publisher alone, with given records. These
tests include the indexers. Indexers, publishers, catalogs and writers of release pages are stopped
before every bucket operation and every announcement; then they are killed or resumed. Messages
arrive in any order, some of them twice, and again after a kill. After all deliveries the record is
the record of the sequential model. The pages, ``blocked.json`` and the catalog are those of this
record, and so is the page of each release. Pages list one of equivalent files, and each of the
others was refused.
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.model import SequentialModel, forget_revisions
from chaos.release_pages import RULE, ReleasePages, render_releases
from chassis.outcomes import TooEarly
from indexer.commit import RETRY, Records
from indexer.issued_command import IssuedCommand
from indexer.merge import Change
from proxy.index.blocking import BlockList
from schemas import layout
from schemas.events import CommandAccepted, FileAccepted, FileRefused, ProjectCommand
from schemas.names import Filename
from schemas.push import Message
from schemas.records import Blocked, ProjectRecord
from testing.fakes.examples import NOON, make_file_record, make_time
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from unit.publisher.publisher_fixtures import ACME, Hook, PublisherInstance, Stepper, Store

WHEEL = make_file_record("acme-1.0-py3-none-any.whl", promoted_at=make_time(1))
SDIST = make_file_record("acme-1.0.tar.gz")
MENDED_SDIST = make_file_record("acme-1.0.tar.gz", requires_python=">=3.12", facts_version=2)
RIVALS = (
    make_file_record("acme-1.0.0-py3-none-any.whl", promoted_at=make_time(2)),
    make_file_record("acme-1-py3-none-any.whl", promoted_at=make_time(3)),
)
"""Wheels that are equivalent to the first one and were promoted later."""
OLD_PAIR = (
    make_file_record("acme-0.9-py3-none-any.whl"),
    make_file_record("acme-0.9.0-py3-none-any.whl"),
)
"""Equivalent wheels of a time without ``promoted_at``."""


def create_command(second: int, action: str, **subject: object) -> ProjectCommand:
    fields = {"action": action, "project": ACME, "issued_at": make_time(second), **subject}
    command_id = "-".join(map(str, (action, second, *subject.values())))
    return ProjectCommand.model_validate({**fields, "command_id": command_id})


def create_accepted(second: int, author: str, action: str, **subject: object) -> CommandAccepted:
    return CommandAccepted(command=create_command(second, action, **subject), issued_by=author)


FILES = (FileAccepted(file=WHEEL), FileAccepted(file=SDIST))
EQUIVALENTS = tuple(FileAccepted(file=file) for file in (*RIVALS, *OLD_PAIR))
MENDED = FileAccepted(file=MENDED_SDIST)
TOGGLES = (
    create_command(1, "yank", version="1.0"),
    create_command(2, "unyank", version="1.0"),
    create_command(3, "yank", version="1.0"),
    create_command(1, "remove", filename=WHEEL.filename),
    create_command(2, "restore", filename=WHEEL.filename),
    create_command(1, "set-status", status="quarantined"),
    create_command(2, "set-status", status="active"),
)
AUTHORED = (
    create_accepted(1, "acme", "yank", version="1.0", reason="ours"),
    create_accepted(4, "tools", "unyank", filename=WHEEL.filename),
    create_accepted(5, "acme", "yank", version="0.9", reason="ours"),
    create_accepted(6, "operators/ada", "unyank", version="0.9", of_uploaders=True),
    create_accepted(4, "operators/ada", "yank", filename=SDIST.filename, reason="theirs"),
    create_accepted(5, "operators/ada", "set-status", version="0.9.0", status="quarantined"),
    create_accepted(6, "operators/ada", "set-status", version="0.9", status="active"),
    create_accepted(1, "operators/ada", "set-status", version="1", status="quarantined"),
)
"""Commands of objects, of two uploaders and an operator."""


def build_change(message: Message) -> Change:
    if isinstance(message, FileAccepted):
        return message.file
    if isinstance(message, CommandAccepted):
        return IssuedCommand.from_accepted(message, NOON, timedelta(hours=1))
    assert isinstance(message, ProjectCommand)
    command_id = message.command_id or ""
    return IssuedCommand.from_command(message, command_id, NOON, timedelta(hours=1))


@dataclass(frozen=True)
class MessageDelivery:
    """Delivery of a message on one of its subscriptions."""

    message: Message
    handle: Callable[[Message, Hook], None]

    def begin(self) -> Stepper:
        """Start an instance for the message, stopped before its first step."""
        return Stepper(lambda hook: self.handle(self.message, hook))


def run_freely(*step: object) -> None:
    """Let an instance run: the hook that never stops."""


class Deployment:
    """Storage and topics of all instances, and the pending deliveries."""

    def __init__(self, *messages: Message) -> None:
        self.store, self.indexed, self.refused = Store(), MemoryTopic(), MemoryTopic()
        # The clock is constant, so revisions increase by one and could be confused.
        self.now = NOON
        self.rule = RULE
        self.waiting = [MessageDelivery(message, self.index) for message in messages]

    def index(self, message: Message, hook: Hook) -> None:
        """Handle a message like an indexer."""
        self.commit(message, hook, MemoryBucket("metadata", storage=self.store.storage))

    def commit(self, message: Message, hook: Hook, metadata: MemoryBucket) -> None:
        """Commit the change of a message to the record in ``metadata``."""
        topic = MemoryTopic()
        topic.before = lambda _: hook("publish", "project-indexed", "")
        topic.after = self.indexed.publish
        refused = MemoryTopic()
        refused.before = lambda _: hook("publish", "file-refused", "")
        refused.after = self.refused.publish
        metadata.before = hook
        retry = replace(RETRY, sleep=lambda seconds: None)
        records = Records(metadata, topic, refused, lambda: self.now, retry)
        for failure in records.commit(ACME, [build_change(message)], records.find(ACME)):
            if isinstance(failure, TooEarly):
                self.waiting.append(MessageDelivery(message, self.index))

    def publish(self, message: Message, hook: Hook) -> None:
        """Handle a message like a publisher."""
        PublisherInstance(self.store, hook).publish()

    def publish_catalog(self, message: Message, hook: Hook) -> None:
        """Handle a message like the catalog."""
        PublisherInstance(self.store, hook).catalog.publish()

    def publish_releases(self, message: Message, hook: Hook) -> None:
        """Handle a message like the writer of the pages of releases."""
        static = MemoryBucket("static", storage=self.store.storage)
        metadata = MemoryBucket("metadata", storage=self.store.storage)
        static.before = metadata.before = hook
        ReleasePages(static, metadata, self.rule).publish(ACME)

    def collect(self) -> list[MessageDelivery]:
        """Return the pending deliveries, including those of new announcements."""
        for message in self.indexed.take():
            self.waiting += [
                MessageDelivery(message, self.publish),
                MessageDelivery(message, self.publish_catalog),
                MessageDelivery(message, self.publish_releases),
            ]
        return self.waiting

    def drain(self) -> None:
        """Handle all pending deliveries and the deliveries that follow from them, without stops."""
        while waiting := self.collect():
            delivery = waiting.pop(0)
            delivery.handle(delivery.message, run_freely)

    def read_record(self) -> ProjectRecord:
        stored = MemoryBucket("metadata", storage=self.store.storage).read(
            layout.locate_record(ACME)
        )
        assert stored is not None
        return ProjectRecord.model_validate_json(stored.data)


def assert_settled(world: Deployment, messages: Sequence[Message]) -> None:
    model, record = SequentialModel.from_messages(messages), world.read_record()
    assert forget_revisions(record) == model.build_record(ACME)
    pages = dict(world.store.read_pages())
    blocked = Blocked.model_validate_json(pages.pop(layout.BLOCKED, Blocked().encode()))
    releases = render_releases(model.build_record(ACME))
    assert pages == model.render_pages("Packages") | releases
    entries = {p: e.model_copy(update={"revision": 0}) for p, e in blocked.projects.items()}
    assert Blocked(projects=entries) == model.build_blocked()
    page = json.loads(pages[layout.locate_project_json(ACME)])
    listed = {file["filename"]: file["yanked"] for file in page["files"]}
    assert listed.keys() == model.list_filenames(ACME)
    yanks = {name: reason or True for name, reason in model.list_yanks(ACME).items()}
    assert listed == {name: yanks.get(name, False) for name in listed}
    assert_blocked(blocked, model)
    refused = {m.filename for m in world.refused.messages if isinstance(m, FileRefused)}
    assert refused >= model.list_losers(ACME), "a loser was not refused"


def assert_blocked(blocked: Blocked, model: SequentialModel) -> None:
    """Check that the proxy serves no file of a quarantined release, also without ``releases``."""
    block_list, older = BlockList(blocked), BlockList(_drop_releases(blocked))
    for filename in map(Filename, model.list_quarantined(ACME)):
        assert block_list.is_blocked(ACME, filename)
        assert older.is_blocked(ACME, filename)


def _drop_releases(blocked: Blocked) -> Blocked:
    """Return the document as a proxy without support of releases reads it."""
    projects = {
        name: entry.model_copy(update={"releases": ()}) for name, entry in blocked.projects.items()
    }
    return Blocked(projects=projects)


MOST_STEPS = 10
"""More steps than a commit has: read, write, announce, and more after a lost race."""


def deliver_with_stops(
    world: Deployment, messages: Sequence[Message], stops: Sequence[int], kills: Sequence[bool]
) -> list[bool]:
    """Deliver the messages at once, each to an indexer that stops after some steps.

    Then kill or resume each indexer. Deliver the message of a killed one again. Return for each
    indexer whether it had ended at its stop: later stops would change nothing.
    """
    deliveries = [MessageDelivery(message, world.index) for message in messages]
    steppers = [delivery.begin() for delivery in deliveries]
    for stepper, stop in zip(steppers, stops, strict=True):
        stepper.step(stop)
    ended = [stepper.done for stepper in steppers]
    for stepper, killed, delivery in zip(steppers, kills, deliveries, strict=True):
        if killed and not stepper.done:
            stepper.kill()
            world.waiting.append(delivery)
        stepper.finish()
    world.drain()
    return ended


def try_all_stops(deliver: Callable[[Sequence[int]], list[bool]]) -> None:
    """Call ``deliver`` with all pairs of stops of two indexers, up to the end of each."""
    for first in range(MOST_STEPS):
        for second in range(MOST_STEPS):
            ended = deliver((first, second))
            if ended[1]:
                break
        assert ended[1], "the second indexer has more steps"
        if ended[0]:
            return
    raise AssertionError("the first indexer has more steps")


@pytest.mark.parametrize("kills", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(
    "second",
    [FILES[1], TOGGLES[1], AUTHORED[0], AUTHORED[7]],
    ids=["file", "unyank", "yank of an uploader", "quarantined release"],
)
def test_two_indexers_stopped_and_killed_at_any_steps_lose_no_update(
    second: Message, kills: tuple[bool, bool]
) -> None:
    """The announcement of the newest revision, which the publishers need, is not lost either."""
    messages = (TOGGLES[0], second)

    def deliver(stops: Sequence[int]) -> list[bool]:
        world = Deployment(FILES[0])
        world.drain()
        ended = deliver_with_stops(world, messages, stops, kills)
        assert_settled(world, [FILES[0], *messages])
        return ended

    try_all_stops(deliver)


class Schedule:
    """List of actions on a deployment; at the end all instances finish."""

    def __init__(self, world: Deployment) -> None:
        self.world = world
        self._running: list[tuple[MessageDelivery, Stepper]] = []
        self._taken: list[MessageDelivery] = []

    def play(self, actions: Sequence[tuple[str, int, int]]) -> None:
        for action, index, steps in actions:
            getattr(self, action)(index, steps)
        for _, stepper in self._running:
            stepper.finish()
        self.world.drain()

    def begin(self, index: int, steps: int) -> None:
        """Start an instance for one of the pending deliveries, not always the oldest."""
        waiting = self.world.collect()
        if waiting and len(self._running) < 6:
            delivery = waiting.pop(index % len(waiting))
            self._taken.append(delivery)
            self._running.append((delivery, delivery.begin()))

    def redeliver(self, index: int, steps: int) -> None:
        """Add a delivery that was delivered before, acknowledged or not."""
        if self._taken:
            self.world.waiting.append(self._taken[index % len(self._taken)])

    def step(self, index: int, steps: int) -> None:
        if self._running:
            self._running[index % len(self._running)][1].step(steps)

    def kill(self, index: int, steps: int) -> None:
        """Kill an instance; its message is delivered again if it was not acknowledged."""
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
        st.sampled_from(["begin", "begin", "step", "step", "finish", "kill", "redeliver"]),
        st.integers(0, 9),
        st.integers(1, 4),
    ),
    max_size=60,
)


@given(order=st.permutations([*FILES, *EQUIVALENTS, MENDED, *TOGGLES, *AUTHORED]), schedule=actions)
@settings(max_examples=2000 if os.environ.get("CHAOS") == "full" else 80)
def test_after_any_schedule_the_settled_state_is_that_of_the_newest_record(
    order: Sequence[Message], schedule: Sequence[tuple[str, int, int]]
) -> None:
    world = Deployment(*order)
    Schedule(world).play(schedule)
    assert_settled(world, order)


@pytest.mark.parametrize("kills", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_equivalent_files_committed_at_once_leave_the_first_promoted_one_listed(
    order: tuple[int, int], kills: tuple[bool, bool]
) -> None:
    """Each indexer is stopped before every step, the announcement of the refusal included."""
    messages = [(FILES[0], EQUIVALENTS[0])[n] for n in order]

    def deliver(stops: Sequence[int]) -> list[bool]:
        world = Deployment()
        ended = deliver_with_stops(world, messages, stops, kills)
        assert_settled(world, messages)
        return ended

    try_all_stops(deliver)


def test_a_kill_between_write_and_announcement_leaves_pages_behind_until_redelivery() -> None:
    """Without the redelivery the newest record would not be published."""
    world = Deployment(FILES[0])
    world.drain()
    stepper = MessageDelivery(TOGGLES[0], world.index).begin()
    stepper.step(2)
    stepper.kill()
    world.drain()
    assert b'"yanked":false' in world.store.read(layout.locate_project_json(ACME))
    world.index(TOGGLES[0], run_freely)
    world.drain()
    assert_settled(world, [FILES[0], TOGGLES[0]])


def test_a_file_that_comes_after_the_quarantine_of_its_release_is_served_at_no_step() -> None:
    """Ingest promoted the file before it knew of the quarantine: the file is in the bucket."""
    world = Deployment(FILES[0], AUTHORED[7])
    world.drain()
    steps = list[str]()

    def check(operation: str, bucket: str, name: str) -> None:
        blocked = Blocked.model_validate_json(world.store.read(layout.BLOCKED))
        page = world.store.read(layout.locate_project_json(ACME))
        assert BlockList(blocked).is_blocked(ACME, SDIST.filename), f"served before {operation}"
        assert SDIST.filename.encode() not in page
        steps.append(operation)

    world.index(FILES[1], check)
    world.collect().clear()
    world.publish(FILES[1], check)
    check("the end", "", "")
    world.publish_releases(FILES[1], run_freely)
    assert len(steps) > 5
    assert_settled(world, [FILES[0], AUTHORED[7], FILES[1]])
