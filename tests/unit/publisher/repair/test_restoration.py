"""Steps of docs/operate.md after a loss: restore, ``reindex``, replay, ``rebuild``, ``verify``.

The buckets are in memory and keep versions, like those of Cloud Storage. A restored object has a
new generation. A restored record can have a lower revision than its pages.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from checks.policy import Policy
from indexer.app import Indexer
from indexer.command_answers import Answers
from indexer.commit import Records
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from publisher.repair.difference import Difference
from publisher.repair.file_check import FileCheck
from publisher.repair.index_check import IndexCheck
from publisher.repair.project_check import ProjectCheck
from publisher.repair.rebuild import Rebuild
from publisher.repair.verify import Verification
from publisher.site.page_content import Site
from schemas.events import FileRefused
from schemas.push import PushEnvelope, PushMessage
from schemas.records import Blocked, ProjectRecord
from testing.fakes.memory_ports import MemoryTopic
from testing.services.memory_index import MemoryIndex
from testing.storage import FakeStorage
from unit.publisher.repair.web_checks import make_web_check

HOUR = timedelta(hours=1)
NEW, OLD = "acme-3.0-py3-none-any.whl", "acme-2.0-py3-none-any.whl"
COMMANDS: tuple[dict[str, str], ...] = (
    {"action": "remove", "project": "acme", "filename": NEW},
    {"action": "remove", "project": "acme", "filename": OLD},
    {"action": "yank", "project": "acme", "version": "1.0", "reason": "worse"},
    {"action": "set-status", "project": "beta-tools", "status": "quarantined"},
    {"action": "set-status", "project": "gamma", "status": "active"},
    {"action": "remove", "project": "gamma", "filename": "unheard_of-1.0.tar.gz"},
)
"""Commands of today; the last one is refused."""


class LostIndex:
    """Index with commands and a file of today, and the time of its last good records."""

    def __init__(self) -> None:
        self.index = MemoryIndex.publish_all()
        self.yesterday = datetime.now(UTC)
        self.index.storage.now = self.yesterday + 2 * HOUR
        self.upload = self.index.upload("acme", "3.0")
        self.index.run(self.upload)
        self.journal = [_make_push(number, command) for number, command in enumerate(COMMANDS)]
        self.execute_commands()
        self.records = self.read_records()
        self.blocked = self.read_blocked()

    def restore_records(self) -> None:
        """Copy the version of yesterday of each record, with its custom metadata."""
        metadata = self.index.storage.buckets["metadata"]
        for name in list(metadata.names):
            versions = [v for v in metadata.versions(name) if v.created <= self.yesterday]
            newest = max(versions, key=lambda version: version.created)
            self.index.storage.insert("metadata", name, newest.data, newest.attributes)

    def reindex(self) -> None:
        """Run ``reindex`` and the indexer."""
        incoming, packages = self.index.buckets["incoming"], self.index.buckets["packages"]
        promotion = Promotion(incoming, packages, Policy())
        topic = MemoryTopic()
        with ThreadPoolExecutor(2) as pool:
            assert not [refused for _, refused in Reindex(promotion, topic, pool).run() if refused]
        self.index.run(*topic.messages)

    def execute_commands(self) -> list[FileRefused]:
        """Push the retained commands to the indexer, with the ids and times of the first push.

        Return the refusals.
        """
        indexed, refused = MemoryTopic(), MemoryTopic()
        indexer = self._make_indexer(indexed, refused)

        async def push() -> None:
            await asyncio.gather(*map(indexer.execute_command, self.journal))

        asyncio.run(push())
        self.index.run(*indexed.messages)
        return [each for each in refused.messages if isinstance(each, FileRefused)]

    def rebuild(self) -> None:
        topic = MemoryTopic()
        with ThreadPoolExecutor(2) as pool:
            list(Rebuild(self.index.buckets["metadata"], topic, pool).run())
        self.index.run(*topic.messages)

    def stop_publisher(self) -> None:
        self.index.pipeline.silent = frozenset(
            {"publisher-project", "publisher-catalog", "web-project"}
        )

    def start_publisher(self) -> None:
        self.index.pipeline.silent = frozenset()

    def verify(self, pool: Executor) -> list[Difference]:
        metadata, static, packages = (
            self.index.buckets[name] for name in ("metadata", "static", "packages")
        )
        files = FileCheck(packages, read_files=False)
        projects = ProjectCheck(metadata, static, files, make_web_check(self.index))
        whole = IndexCheck(metadata, static, packages, Site("Python packages"), projects, files)
        findings = Verification(projects, whole, pool, lambda: None, lambda words: None).run()
        return [each for each in findings if isinstance(each, Difference)]

    def read_records(self) -> dict[str, ProjectRecord]:
        """Return the records without their revisions."""
        records = map(ProjectRecord.model_validate_json, self.index.data("metadata").values())
        without = {"revision": 0, "changed": {}, "changed_at": None}
        return {each.project: each.model_copy(update=without) for each in records}

    def read_blocked(self) -> dict[str, tuple[bool, tuple[str, ...]]]:
        document = Blocked.model_validate_json(self.index.data("static")["blocked.json"])
        return {p: (each.quarantined, each.filenames) for p, each in document.projects.items()}

    def list_files(self, project: str) -> list[str]:
        """Return the files on the page of a project."""
        page = json.loads(self.index.data("static")[f"simple/{project}/index.v1.json"])
        return [file["filename"] for file in page["files"]]

    def _make_indexer(self, indexed: MemoryTopic, refused: MemoryTopic) -> Indexer:
        now = self.index.pipeline.now
        records = Records(self.index.buckets["metadata"], indexed, refused, now)
        answers = Answers(self.index.buckets["verdicts"], refused)
        return Indexer(records, answers, now, timedelta(minutes=10))


def _make_push(number: int, command: dict[str, str]) -> PushEnvelope:
    """Make a push without ``issued_at``; its publish time is older than the grace of a command."""
    message = PushMessage(
        data=base64.b64encode(json.dumps({"schema_version": 1, **command}).encode()),
        message_id=f"today-{number}",
        publish_time=datetime.now(UTC) - HOUR + timedelta(seconds=number),
    )
    return PushEnvelope(message=message, subscription="indexer-project-command")


@pytest.fixture
def lost() -> LostIndex:
    return LostIndex()


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def test_the_index_of_today_is_correct(lost: LostIndex, pool: Executor) -> None:
    assert lost.verify(pool) == []
    assert lost.list_files("acme") == ["acme-1.0-py3-none-any.whl"]
    assert lost.blocked == {
        "acme": (False, ("acme-1.1-py3-none-any.whl", OLD, NEW)),
        "beta-tools": (True, ()),
        "gamma": (False, ()),
    }


def test_records_of_yesterday_reindexed_and_replayed_are_those_of_today(
    lost: LostIndex, pool: Executor
) -> None:
    """The steps in their order; the publisher waits until the records are complete."""
    lost.stop_publisher()
    lost.restore_records()
    assert lost.read_records() != lost.records
    lost.reindex()
    lost.execute_commands()
    assert lost.read_records() == lost.records
    assert not [each for each in lost.verify(pool) if "does not block" in each.detail]
    lost.start_publisher()
    lost.rebuild()
    assert lost.verify(pool) == []
    assert lost.read_blocked() == lost.blocked
    assert lost.list_files("acme") == ["acme-1.0-py3-none-any.whl"]


def test_a_replay_repeats_no_refused_command(lost: LostIndex) -> None:
    """The answer of the refused command is kept longer than the command."""
    late = lost.index.upload("gamma", "9.0")
    lost.index.run(late)
    answers = lost.index.data("verdicts")
    lost.execute_commands()
    assert lost.index.data("verdicts") == answers


def test_a_replay_before_reindex_loses_commands_about_newer_files(lost: LostIndex) -> None:
    lost.restore_records()
    refused = lost.execute_commands()
    assert any(each.detail.startswith(f"acme has no {NEW}") for each in refused)
    lost.reindex()
    assert NEW in lost.list_files("acme")


def test_verify_names_the_removals_and_quarantines_that_records_of_yesterday_lack(
    lost: LostIndex, pool: Executor
) -> None:
    lost.stop_publisher()
    lost.restore_records()
    lost.reindex()
    found = [each.detail for each in lost.verify(pool) if each.kind == "wrong-blocked"]
    assert found == [
        f"its entry differs from the record of acme, which does not block {OLD}, {NEW}",
        "its entry differs from the record of beta-tools, which does not block the whole project",
        "its entry differs from the record of gamma",
    ]


def test_a_rebuild_of_records_of_yesterday_lists_a_removed_file_and_keeps_it_blocked(
    lost: LostIndex,
) -> None:
    """``force`` writes the pages, but never lowers the revision of an entry in blocked.json."""
    lost.restore_records()
    lost.rebuild()
    assert OLD in lost.list_files("acme")
    assert lost.read_blocked() == lost.blocked


def test_the_next_commit_of_a_record_of_yesterday_unblocks_a_removed_file(
    lost: LostIndex,
) -> None:
    """This is the reason for the replay, and for the stop of the publisher before it."""
    lost.restore_records()
    lost.index.run(lost.index.upload("acme", "4.0"))
    assert OLD not in lost.read_blocked()["acme"][1]


def test_a_rebuild_after_a_restoration_without_lost_commands_leaves_no_difference(
    lost: LostIndex, pool: Executor
) -> None:
    """The newest versions of deleted records; their revisions are those of the pages."""
    metadata = lost.index.storage.buckets["metadata"]
    lost.index.empty("metadata")
    for name in list(metadata.names):
        newest = metadata.archived[name][-1]
        lost.index.storage.insert("metadata", name, newest.data, newest.attributes)
    lost.rebuild()
    assert lost.verify(pool) == []
    assert lost.read_records() == lost.records


def test_a_restored_file_is_no_difference(lost: LostIndex, pool: Executor) -> None:
    """The object has a new generation and the old custom metadata."""
    packages = lost.index.storage
    for name in (NEW, f"{NEW}.metadata"):
        deleted = packages.get("packages", name)
        packages.delete("packages", name)
        assert {each.kind for each in lost.verify(pool)} & {"missing-file", "missing-metadata"}
        packages.insert("packages", name, deleted.data, deleted.attributes)
        assert packages.get("packages", name).generation != deleted.generation
    assert lost.verify(pool) == []


def test_other_bytes_under_the_metadata_of_a_restored_file_are_found(
    lost: LostIndex, pool: Executor
) -> None:
    packages = lost.index.storage
    live = packages.get("packages", NEW)
    packages.insert("packages", NEW, bytes(len(live.data)), live.attributes)
    [found] = lost.verify(pool)
    assert (found.kind, found.object) == ("other-file", f"gs://packages/{NEW}")
    assert found.detail.startswith("its bytes have sha256 ")


def test_a_repeated_announcement_finds_its_restored_file(lost: LostIndex) -> None:
    """The custom metadata names the generation of the upload, so no upload is refused."""
    packages = lost.index.storage
    live = packages.get("packages", NEW)
    packages.insert("packages", NEW, live.data, live.attributes)
    lost.index.run(lost.upload)
    assert not [each for each in lost.index.pipeline.messages if isinstance(each, FileRefused)]
    assert lost.read_records() == lost.records


def test_copies_of_packages_and_records_are_a_whole_index(lost: LostIndex, pool: Executor) -> None:
    """A lost region, or a move: the new buckets get the objects with their custom metadata.

    The pages and ``blocked.json`` exist before the files, so no removed file is ever served. The
    pages for people have nothing of the files then, so a second ``rebuild`` writes them again.
    """
    moved = MemoryIndex()
    source, lost.index = lost.index.storage, moved
    _copy(source, moved, "metadata")
    lost.rebuild()
    assert lost.read_blocked() == lost.blocked
    _copy(source, moved, "packages")
    assert {each.kind for each in lost.verify(pool)} == {"other-page"}
    lost.rebuild()
    assert lost.verify(pool) == []
    lost.reindex()
    assert lost.read_records() == lost.records
    moved.run(moved.upload("acme", "5.0"))
    assert lost.list_files("acme") == ["acme-1.0-py3-none-any.whl", "acme-5.0-py3-none-any.whl"]


def _copy(source: FakeStorage, target: MemoryIndex, bucket: str) -> None:
    for name, version in source.buckets[bucket].live.items():
        target.storage.insert(bucket, name, version.data, version.attributes)
