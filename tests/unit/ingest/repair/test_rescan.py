"""Announcement of unanswered uploads (`ingest.repair.rescan`)."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.repair.rescan import Rescan, find_unlisted_verdicts
from schemas import layout
from schemas.events import FileUploaded
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.fakes.small_wheels import build_wheel, wheel_filename
from testing.services.memory_index import MemoryIndex
from testing.storage import FakeStorage

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MONTH = NOW - timedelta(days=30)


class Buckets:
    """Incoming and verdicts bucket with a clock."""

    def __init__(self) -> None:
        self.storage = FakeStorage()
        self.incoming = MemoryBucket("incoming", storage=self.storage)
        self.verdicts = MemoryBucket("verdicts", storage=self.storage)
        self.topic = MemoryTopic()
        self.storage.now = NOW

    def upload(self, name: str, *, days_ago: float = 1) -> int:
        self.storage.now = NOW - timedelta(days=days_ago)
        return self.incoming.put(name, b"x").generation

    def answer(self, name: str, generation: int) -> None:
        self.verdicts.put(layout.locate_verdict(name, generation), b"{}")

    def rescan(self, *, dry_run: bool = False) -> list[str]:
        """Return the names of the announced uploads."""
        with ThreadPoolExecutor(2) as pool:
            rescan = Rescan(self.incoming, self.verdicts, self.topic, pool)
            return [message.name for message in rescan.run(MONTH, dry_run=dry_run)]


def test_uploads_without_a_verdict_are_announced_with_their_generation() -> None:
    buckets = Buckets()
    first = buckets.upload("acme/1/a.whl")
    buckets.answer("acme/1/b.whl", buckets.upload("acme/1/b.whl"))
    assert buckets.rescan() == ["acme/1/a.whl"]
    expected = FileUploaded(bucket="incoming", name="acme/1/a.whl", generation=first)
    assert buckets.topic.messages == (expected,)


def test_a_verdict_on_another_generation_does_not_count() -> None:
    buckets = Buckets()
    buckets.answer("acme/1/a.whl", buckets.upload("acme/1/a.whl") - 1)
    assert buckets.rescan() == ["acme/1/a.whl"]


def test_old_uploads_are_not_announced() -> None:
    buckets = Buckets()
    buckets.upload("acme/1/old.whl", days_ago=31)
    buckets.upload("acme/1/new.whl", days_ago=29)
    assert buckets.rescan() == ["acme/1/new.whl"]


def test_objects_that_never_get_a_verdict_are_skipped() -> None:
    """Folders, parts of composite uploads, and invalid names of uploads and authors."""
    buckets = Buckets()
    for name in ("acme/", "acme/1/", "gcloud/tmp/parts/1", "stray.whl", f"acme/{'x' * 1000}"):
        buckets.upload(name)
    buckets.upload("an author/1/yank.command.json")
    assert buckets.rescan() == []


def test_a_dry_run_announces_nothing() -> None:
    buckets = Buckets()
    buckets.upload("acme/1/a.whl")
    assert buckets.rescan(dry_run=True) == ["acme/1/a.whl"]
    assert buckets.topic.messages == ()


def test_a_verdict_on_the_object_of_a_command_is_not_its_answer() -> None:
    """Ingest stores it before it publishes the command, which can then be lost."""
    buckets = Buckets()
    names = [f"acme/1/{kind}.command.json" for kind in ("lost", "lost-later", "done")]
    names.append("operators/ada/done.command.json")
    generations = {name: buckets.upload(name) for name in names}
    buckets.answer(names[1], generations[names[1]])
    for name in names[2:]:
        command_id = layout.derive_command_id(name, generations[name])
        buckets.verdicts.put(layout.locate_command_verdict(command_id), b"{}")
    assert buckets.rescan() == sorted(names[:2])


def test_many_uploads_need_a_request_per_thousand_objects() -> None:
    buckets = Buckets()
    for number in range(1500):
        name = f"acme/{number}/a.whl"
        generation = buckets.upload(name)
        if number != 700:
            buckets.answer(name, generation)
    before = dict(buckets.incoming.counts.answers)
    assert buckets.rescan() == ["acme/700/a.whl"]
    after = dict(buckets.incoming.counts.answers)
    assert {
        key: after[key] - before.get(key, 0) for key in after if after[key] > before.get(key, 0)
    } == {"objects.list 200": 4}


Uploads = st.dictionaries(
    st.text("a/-.0~", min_size=1, max_size=6), st.tuples(st.integers(1, 99), st.booleans())
)
"""Generation of each upload by name, and whether it has a verdict. The names contain each other."""


@given(Uploads, st.sets(st.text("a/-.0~", max_size=6)))
def test_exactly_the_uploads_without_a_verdict_are_found(
    uploads: dict[str, tuple[int, bool]], strays: Iterable[str]
) -> None:
    located = {name: layout.locate_verdict(name, each) for name, (each, _) in uploads.items()}
    verdicts = {located[name] for name, (_, has_verdict) in uploads.items() if has_verdict}
    verdicts |= {f"{stray}/x.json" for stray in strays}
    expected = [
        (located[name], FileUploaded(bucket="b", name=name, generation=uploads[name][0]))
        for name in sorted(uploads)
    ]
    found = find_unlisted_verdicts(expected, sorted(verdicts))
    assert {message.name for message in found} == {
        name for name, (_, has_verdict) in uploads.items() if not has_verdict
    }


def test_a_lost_notification_is_repaired() -> None:
    index = MemoryIndex.publish_all()
    name = f"ci/9/{wheel_filename('lost', '1.0')}"
    index.buckets["incoming"].put(name, build_wheel("lost", "1.0"))
    topic = MemoryTopic()
    since = datetime.now(UTC) - timedelta(days=30)
    with ThreadPoolExecutor(2) as pool:
        rescan = Rescan(index.buckets["incoming"], index.buckets["verdicts"], topic, pool)
        assert [message.name for message in rescan.run(since)] == [name]
        index.run(*topic.take())
        assert list(rescan.run(since)) == []
    assert "simple/lost/index.html" in index.data("static")
