"""Repair by replay: announcing existing objects again restores lost ones."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from checks.policy import Policy
from checks.refusal import Reason
from ingest.promotion import Promotion
from ingest.reindex import Reindex
from publisher.repair.rebuild import Rebuild
from publisher.site.assets import ASSETS
from schemas import web_layout
from schemas.events import FileAccepted, FileUploaded, ProjectIndexed
from schemas.names import Filename, ProjectName
from schemas.records import FileRecord, ProjectRecord
from testing.corpus.tarball import Tar, pack_tar
from testing.corpus.wheels import make_metadata
from testing.fakes.memory_ports import MemoryTopic
from testing.fakes.small_wheels import build_wheel
from testing.services.memory_index import MemoryIndex

RECORD = "projects/acme.json"
SDIST = Filename("acme-3.0.tar.gz")
PKG_INFO = make_metadata("Requires-Python: >=3.12", version="2.2").replace(
    b"Version: 1.0", b"Version: 3.0"
)


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex.publish_all()


def announce_rebuild(index: MemoryIndex, *only: str) -> list[ProjectIndexed]:
    """Run ``rebuild``; return its messages."""
    topic = MemoryTopic()
    with ThreadPoolExecutor(2) as pool:
        rebuild = Rebuild(index.buckets["metadata"], topic, pool)
        assert len(list(rebuild.run([ProjectName(one) for one in only]))) == len(topic.messages)
    return [message for message in topic.messages if isinstance(message, ProjectIndexed)]


def run_reindex(index: MemoryIndex, topic: MemoryTopic, *only: str) -> dict[str, str]:
    """Run ``reindex``; return the reasons of refused objects."""
    incoming, packages = index.buckets["incoming"], index.buckets["packages"]
    promotion = Promotion(incoming, packages, Policy())
    with ThreadPoolExecutor(2) as pool:
        run = Reindex(promotion, topic, pool).run({ProjectName(one) for one in only})
        return {name: refused.reason for name, refused in run if refused}


def read_facts(index: MemoryIndex) -> dict[str, Mapping[Filename, FileRecord]]:
    records = map(ProjectRecord.model_validate_json, index.data("metadata").values())
    return {record.project: record.files for record in records}


def test_rebuild_after_losing_the_static_bucket_gives_the_same_bytes(index: MemoryIndex) -> None:
    before = index.data("static")
    index.empty("static")
    index.run(*announce_rebuild(index))
    assert index.data("static") == before


def test_rebuild_gives_the_same_bytes_of_pages_with_descriptions(index: MemoryIndex) -> None:
    """Each kind of page for people is among them, and a description that cannot be rendered."""
    for version, description in (
        ("5.0", "# Markdown\n\n* one"),
        ("6.0", "=\nH\n==\n\n.. raw:: html"),
    ):
        kind = "markdown" if version == "5.0" else "x-rst"
        content_type = f"Description-Content-Type: text/{kind}\n"
        fields = f"Summary: a tool\n{content_type}\n{description}\n"
        name = f"ci/{version}/acme-{version}-py3-none-any.whl"
        index.buckets["incoming"].put(name, build_wheel("acme", version, metadata=fields))
        index.run(FileUploaded(bucket="incoming", name=name))
    before = index.data("static")
    assert b"<h" in before["projects/acme/5.0/index.html"]
    assert b"is shown as text" in before["projects/acme/6.0/index.html"]
    kinds = (*("index.html", "releases.json", "history/index.html", "feed.xml", "6.0/index.html"),)
    assert {f"projects/acme/{kind}" for kind in kinds} | {"pypi/acme/6.0/json"} <= before.keys()
    index.empty("static")
    index.run(*announce_rebuild(index))
    assert index.data("static") == before


def test_rebuild_writes_pages_that_say_they_are_of_their_record_already(index: MemoryIndex) -> None:
    before = index.data("static")
    for name in before:
        if not name.startswith(web_layout.ASSETS):
            damage(index, name)
    index.buckets["static"].remove("blocked.json")
    index.run(*announce_rebuild(index))
    assert index.data("static") == before


def test_a_damaged_asset_is_written_again_only_after_its_deletion(index: MemoryIndex) -> None:
    """The catalog can create assets, and not replace them; verify reports the difference."""
    before, name = index.data("static"), ASSETS["search.js"].object_name
    damage(index, name)
    index.run(*announce_rebuild(index))
    assert index.data("static") == {**before, name: b"damaged"}

    index.buckets["static"].remove(name)
    index.run(*announce_rebuild(index))

    assert index.data("static") == before


def damage(index: MemoryIndex, name: str) -> None:
    live = index.storage.get("static", name)
    index.storage.insert("static", name, b"damaged", live.attributes)


def test_rebuild_of_one_project_announces_that_one(index: MemoryIndex) -> None:
    (message,) = announce_rebuild(index, "acme", "unheard-of")
    record = ProjectRecord.model_validate_json(index.data("metadata")[RECORD])
    assert message == ProjectIndexed(
        project=ProjectName("acme"), record_revision=record.revision, force=True
    )


def test_rebuild_announces_records_without_a_revision_in_their_metadata(index: MemoryIndex) -> None:
    index.storage.insert("metadata", RECORD, index.data("metadata")[RECORD])
    index.buckets["metadata"].put("notes")
    assert [m.record_revision for m in announce_rebuild(index) if m.project == "acme"] == [0]


def test_reindex_after_losing_the_metadata_bucket_gives_the_same_facts(index: MemoryIndex) -> None:
    before = read_facts(index)
    index.empty("metadata")
    topic = MemoryTopic()
    assert run_reindex(index, topic) == {}
    index.run(*topic.messages)
    assert read_facts(index) == before


def test_reindex_puts_the_record_ahead_of_the_pages_of_its_predecessor(index: MemoryIndex) -> None:
    page, file = "simple/gamma/index.v1.json", b"gamma-3.0-py3-none-any.whl"
    assert file not in index.data("static")[page]  # the project is quarantined
    index.empty("metadata")
    topic = MemoryTopic()
    run_reindex(index, topic)
    index.run(*topic.messages)
    assert file in index.data("static")[page]


def test_restored_records_keep_their_registers_after_reindexing(
    index: MemoryIndex,
) -> None:
    """Follow docs/operate.md: copy the last version of each record, then reindex."""
    before, deleted = index.data("metadata"), index.storage.buckets["metadata"]
    index.empty("metadata")
    for name in before:
        last = deleted.archived[name][-1]
        index.storage.insert("metadata", name, last.data, last.attributes)
    topic = MemoryTopic()
    run_reindex(index, topic)
    index.run(*topic.messages)
    assert index.data("metadata") == before


def test_reindex_writes_a_metadata_file_that_is_missing(index: MemoryIndex) -> None:
    before = index.data("packages")
    index.buckets["packages"].remove("gamma-3.0-py3-none-any.whl.metadata")
    run_reindex(index, MemoryTopic())
    assert index.data("packages") == before


def test_reindex_of_one_project_announces_its_files_only(index: MemoryIndex) -> None:
    topic = MemoryTopic()
    run_reindex(index, topic, "beta-tools")
    files = [message.file for message in topic.messages if isinstance(message, FileAccepted)]
    assert sorted(file.version for file in files) == ["0.1", "0.2"]


def test_reindex_reports_objects_that_were_not_promoted_and_continues(index: MemoryIndex) -> None:
    for name in ("acme-7.0-py3-none-any.whl", "notes"):
        index.buckets["packages"].put(name, b"?")
    topic = MemoryTopic()
    assert run_reindex(index, topic) == {
        "acme-7.0-py3-none-any.whl": Reason.EXISTS,
        "notes": Reason.BAD_FILENAME,
    }
    assert len(topic.messages) == 6


def test_reindex_mends_the_record_and_the_pages_of_an_old_sdist(index: MemoryIndex) -> None:
    """The record and the packages bucket are as an older release of gcpypi left them."""
    data = pack_tar(Tar(b"acme-3.0/PKG-INFO", PKG_INFO))
    index.buckets["incoming"].put(f"ci/3/{SDIST}", data)
    index.run(FileUploaded(bucket="incoming", name=f"ci/3/{SDIST}"))
    after = index.data("static")
    record = ProjectRecord.model_validate_json(index.data("metadata")[RECORD])
    forgotten = {"requires_python": None, "pkg_info_sha256": None, "facts_version": 1}
    old = record.files[SDIST].model_copy(update=forgotten)
    stripped = record.model_copy(update={"files": {**record.files, SDIST: old}})
    live = index.storage.get("metadata", RECORD)
    index.storage.insert("metadata", RECORD, stripped.encode(), live.attributes)
    index.buckets["packages"].remove(f"{SDIST}.metadata")
    index.run(*announce_rebuild(index, "acme"))
    assert index.data("static") != after
    topic = MemoryTopic()
    assert run_reindex(index, topic) == {}
    index.run(*topic.messages)
    assert index.data("static")["simple/acme/index.v1.json"] == after["simple/acme/index.v1.json"]
    assert read_facts(index)["acme"] == record.files
