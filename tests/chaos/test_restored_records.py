"""Pages of releases after the restoration of an older record, and with an older indexer.

The pages of a lost record have higher revisions than the restored record. An older indexer commits
without ``changed``: it drops the field, or keeps the old value as an unknown field. The last tests
show that variants of the rule for pages that look simpler leave wrong pages.
"""

import json
import os
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.model import SequentialModel, forget_revisions
from chaos.release_pages import (
    RULE,
    PageRule,
    ReleasePages,
    locate_page,
    locate_pages,
    render_releases,
)
from chaos.test_newest_record import (
    AUTHORED,
    FILES,
    MENDED,
    TOGGLES,
    Deployment,
    MessageDelivery,
    Schedule,
    run_freely,
)
from cloud.ports import Headers, ObjectInfo
from schemas import layout
from schemas.events import FileAccepted
from schemas.names import Version as ReleaseKey
from schemas.push import Message
from schemas.records import ProjectRecord
from testing.fakes.examples import make_file_record, make_time
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import Version
from unit.publisher.publisher_fixtures import ACME, Hook

RECORD = layout.locate_record(ACME)
OTHER = FileAccepted(file=make_file_record("acme-2.0-py3-none-any.whl", promoted_at=make_time(4)))
LATER = FileAccepted(file=make_file_record("acme-3.0-py3-none-any.whl", promoted_at=make_time(5)))
ALL_FILES: Sequence[Message] = (*FILES, OTHER, LATER, MENDED)
COMMANDS: Sequence[Message] = (*TOGGLES, *(m for m in AUTHORED if "0.9" not in str(m)))


class OlderIndexerBucket(MemoryBucket):
    """Bucket whose writes are those of an indexer without ``changed``."""

    def __init__(self, index: "RestorableIndex", keeps: bool) -> None:
        super().__init__("metadata", storage=index.store.storage)
        self._index, self._keeps = index, keeps

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        document = json.loads(data)
        for field in ("changed", "changed_at"):
            del document[field]
            if self._keeps and (before := self._index.list_versions()):
                document |= {field: json.loads(before[-1].data).get(field)}
        document = {key: value for key, value in document.items() if value is not None}
        written = json.dumps(document).encode()
        return super().write(name, written, headers, if_generation=if_generation)


class RestorableIndex(Deployment):
    """Deployment whose metadata bucket keeps versions, with indexers of two releases."""

    def __init__(self, *messages: Message, rule: PageRule = RULE) -> None:
        super().__init__(*messages)
        self.rule = rule
        self.store.storage.buckets["metadata"].versioning = True

    def index_like_older(self, message: Message, hook: Hook, *, keeps: bool) -> None:
        """Handle a message like an indexer of a release without ``changed``."""
        bucket = OlderIndexerBucket(self, keeps)
        self.commit(message, hook, bucket)

    def list_versions(self) -> Sequence[Version]:
        """Return the versions of the record, the oldest first."""
        bucket = self.store.storage.buckets["metadata"]
        return bucket.versions(RECORD) if RECORD in bucket.names else []

    def restore(self, number: int) -> None:
        """Copy an older version of the record, with its custom metadata, an hour later.

        Commits after it have higher revisions than the lost record.
        """
        versions = self.list_versions()
        if versions:
            chosen = versions[number % len(versions)]
            self.store.storage.insert("metadata", RECORD, chosen.data, chosen.attributes)
        self.now += timedelta(hours=1)

    def rebuild(self) -> None:
        """Write all pages again, as ``rebuild`` at the end of a restoration."""
        static, metadata = self.store.static, self.store.metadata
        ReleasePages(static, metadata, self.rule).publish(ACME, force=True)

    def read_release_pages(self) -> dict[str, bytes]:
        prefix = locate_pages(ACME)
        return {n: data for n, data in self.store.read_pages().items() if n.startswith(prefix)}

    def find_stale_pages(self) -> list[str]:
        """Return the pages of releases that differ from the record, or are of no release."""
        expected, found = render_releases(self.read_record()), self.read_release_pages()
        names = expected.keys() | found.keys()
        return sorted(name for name in names if expected.get(name) != found.get(name))


class RestorationSchedule(Schedule):
    """Schedule with restorations, and with messages for older indexers."""

    world: RestorableIndex

    def restore(self, index: int, steps: int) -> None:
        self.world.restore(index)

    def begin_older(self, index: int, steps: int) -> None:
        """Let an older indexer handle a pending message of the indexer."""
        waiting = self.world.collect()
        mine = [each for each in waiting if each.handle == self.world.index]
        if mine and len(self._running) < 6:
            delivery = mine[index % len(mine)]
            waiting.remove(delivery)

            def handle(message: Message, hook: Hook) -> None:
                self.world.index_like_older(message, hook, keeps=index % 2 == 0)

            older = MessageDelivery(delivery.message, handle)
            self._taken.append(older)
            self._running.append((older, older.begin()))


steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("begin", "begin", "begin_older", "step", "step", "finish", "kill", "redeliver"),
                "restore",
            ]
        ),
        st.integers(0, 9),
        st.integers(1, 4),
    ),
    max_size=60,
)
FULL = os.environ.get("CHAOS") == "full"


@given(order=st.permutations([*ALL_FILES, *COMMANDS]), schedule=steps)
@settings(max_examples=1000 if FULL else 60)
def test_the_procedure_after_a_loss_leaves_no_page_of_a_lost_record(
    order: Sequence[Message], schedule: Sequence[tuple[str, int, int]]
) -> None:
    """At the end: ``reindex``, a replay of the commands, and ``rebuild`` (docs/operate.md)."""
    world = RestorableIndex(*order)
    RestorationSchedule(world).play(schedule)
    world.now += timedelta(hours=1)
    for message in (*ALL_FILES, *COMMANDS):
        world.index(message, run_freely)
    world.drain()
    world.rebuild()
    model = SequentialModel.from_messages(order)
    assert without_revisions(world.read_record()) == model.build_record(ACME)
    assert world.read_release_pages() == render_releases(model.build_record(ACME))


@given(order=st.permutations([*ALL_FILES, *COMMANDS]), schedule=steps)
@settings(max_examples=1000 if FULL else 60)
def test_after_any_schedule_the_next_announcement_leaves_no_page_of_a_lost_record(
    order: Sequence[Message], schedule: Sequence[tuple[str, int, int]]
) -> None:
    """The commands are lost, and there is no ``rebuild``; ``reindex`` brings the releases back."""
    world = RestorableIndex(*order)
    RestorationSchedule(world).play(schedule)
    for message in ALL_FILES:
        world.index(message, run_freely)
    world.drain()
    assert world.find_stale_pages() == []


def without_revisions(record: ProjectRecord) -> ProjectRecord:
    """Return the record as the model has it; the last commit can be that of an older indexer."""
    if record.changed_at == record.revision:
        return forget_revisions(record)
    return record.model_copy(update={"revision": 0, "changed": {}, "changed_at": None})


def find_recorded_change(record: ProjectRecord, release: ReleaseKey) -> int:
    """Return the revision in ``changed``, without a look at ``changed_at``."""
    return record.changed.get(release, record.revision)


WITHOUT_CHANGED_AT = PageRule(find_revision=find_recorded_change)
SKIP_HIGHER = PageRule(is_current=lambda page, needed, record: page is not None and page >= needed)
SKIP_UP_TO_RECORD = PageRule(
    is_current=lambda page, needed, record: page is not None and needed <= page <= record.revision,
    has_record_revision=True,
)
STALE = [locate_page(ACME, ReleaseKey("1"))]
"""Page of the release of the tests below."""


def create_index(rule: PageRule) -> RestorableIndex:
    world = RestorableIndex(FILES[0], OTHER, rule=rule)
    world.drain()
    assert world.find_stale_pages() == []
    return world


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize(
    ("rule", "stale"), [(RULE, []), (WITHOUT_CHANGED_AT, STALE)], ids=["rule", "no changed_at"]
)
def test_a_commit_of_an_older_indexer_changes_every_release(
    rule: PageRule, stale: Sequence[str], keeps: bool
) -> None:
    """Without ``changed_at``, an old entry in ``changed`` hides the commit."""
    world = create_index(rule)
    world.index_like_older(TOGGLES[0], run_freely, keeps=keeps)
    world.drain()
    assert world.find_stale_pages() == (stale if keeps else [])


@pytest.mark.parametrize("keeps", [True, False])
def test_a_commit_after_one_of_an_older_indexer_changes_every_release(keeps: bool) -> None:
    """The announcement of the older commit is lost or late."""
    world = create_index(RULE)
    world.index_like_older(TOGGLES[0], run_freely, keeps=keeps)
    world.collect().clear()
    world.index(LATER, run_freely)
    world.drain()
    assert world.find_stale_pages() == []


@pytest.mark.parametrize(
    ("rule", "stale"),
    [(RULE, []), (SKIP_UP_TO_RECORD, []), (SKIP_HIGHER, STALE)],
    ids=["rule", "up to the record", "higher"],
)
def test_an_announcement_of_a_restored_record_writes_the_pages_of_the_lost_one(
    rule: PageRule, stale: Sequence[str]
) -> None:
    """The yank is lost. Redelivery of an older message announces the restored record again."""
    world = create_index(rule)
    world.index(TOGGLES[0], run_freely)
    world.drain()
    world.restore(-2)
    world.index(FILES[0], run_freely)
    world.drain()
    assert world.find_stale_pages() == stale


@pytest.mark.parametrize(
    ("rule", "stale"),
    [(RULE, []), (SKIP_UP_TO_RECORD, STALE), (SKIP_HIGHER, STALE)],
    ids=["rule", "up to the record", "higher"],
)
def test_a_commit_to_a_restored_record_writes_the_pages_of_the_lost_one(
    rule: PageRule, stale: Sequence[str]
) -> None:
    """The new revision is higher than that of the lost record, but only for another release."""
    world = create_index(rule)
    world.index(TOGGLES[0], run_freely)
    world.drain()
    world.restore(-2)
    world.index(LATER, run_freely)
    world.drain()
    assert world.find_stale_pages() == stale
    world.rebuild()
    assert world.find_stale_pages() == []


def test_the_page_of_a_release_that_the_restored_record_lacks_needs_reindex() -> None:
    world = create_index(RULE)
    world.index(LATER, run_freely)
    world.drain()
    world.restore(-2)
    world.rebuild()
    assert world.find_stale_pages() == [locate_page(ACME, ReleaseKey("3"))]
    world.index(LATER, run_freely)
    world.drain()
    assert world.find_stale_pages() == []
