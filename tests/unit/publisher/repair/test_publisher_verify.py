"""Differences found by ``verify``: none in a correct index, one for each kind of damage."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud.ports import NO_METADATA, Headers
from local.stand_ins.storage.contents import MemoryContent
from publisher.repair.difference import Difference
from publisher.repair.effective_commands import EffectiveCommand
from publisher.repair.file_check import FileCheck
from publisher.repair.index_check import IndexCheck
from publisher.repair.project_check import ProjectCheck
from publisher.repair.verify import Verification
from publisher.site.assets import ASSETS
from publisher.site.page_content import Site
from schemas.events import FileAccepted, FileUploaded, ProjectCommand, ProjectIndexed
from schemas.names import Filename, ProjectName
from schemas.records import Blocked, ProjectRecord
from testing.corpus import sdists
from testing.corpus.old_sdists import make_legacy_sdist
from testing.fakes.examples import LONG_AGO, NOON, make_file_record
from testing.fakes.memory_ports import MemoryBucket
from testing.services.memory_index import MemoryIndex
from unit.publisher.repair.web_checks import make_web_check

ACME = ProjectName("acme")
WHEEL = "acme-2.0-py3-none-any.whl"
STYLE = ASSETS["style.css"].object_name
SCRIPT = ASSETS["search.js"].object_name
BINARY = Headers("application/octet-stream", "")


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex.publish_all()


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


def make_verification(
    index: MemoryIndex,
    pool: Executor,
    *,
    read_files: bool = False,
    wait: Callable[[], None] = lambda: None,
    index_url: str | None = None,
) -> Verification:
    metadata, static, packages = (index.buckets[b] for b in ("metadata", "static", "packages"))
    files = FileCheck(packages, read_files)
    projects = ProjectCheck(metadata, static, files, make_web_check(index, index_url))
    whole = IndexCheck(metadata, static, packages, Site("Python packages"), projects, files)
    return Verification(projects, whole, pool, wait, lambda words: None)


def run_verification(
    verification: Verification, only: Sequence[ProjectName] = ()
) -> list[Difference]:
    return [one for one in verification.run(only) if isinstance(one, Difference)]


def find_differences(
    index: MemoryIndex, pool: Executor, only: Sequence[ProjectName] = ()
) -> list[tuple[str, str]]:
    differences = run_verification(make_verification(index, pool), only)
    return [(one.kind, one.object.removeprefix("gs://")) for one in differences]


def find_commands(
    index: MemoryIndex, pool: Executor, only: Sequence[ProjectName] = ()
) -> list[str]:
    findings = make_verification(index, pool).run(only)
    return [str(one) for one in findings if isinstance(one, EffectiveCommand)]


def overwrite(
    bucket: MemoryBucket,
    name: str,
    data: bytes | None = None,
    metadata: Mapping[str, str] = NO_METADATA,
) -> None:
    """Replace the bytes or the metadata of an object, and keep its other attributes."""
    live = bucket.storage.get(bucket.name, name)
    attributes = replace(live.attributes, metadata={**live.attributes.metadata, **metadata})
    bucket.storage.insert(bucket.name, name, live.data if data is None else data, attributes)


def read_record(index: MemoryIndex) -> ProjectRecord:
    return ProjectRecord.model_validate_json(index.data("metadata")["projects/acme.json"])


def test_a_correct_index_has_no_differences(index: MemoryIndex, pool: Executor) -> None:
    assert run_verification(make_verification(index, pool, read_files=True)) == []


def test_pages_with_another_index_url_differ_until_a_rebuild(
    index: MemoryIndex, pool: Executor
) -> None:
    verification = make_verification(index, pool, index_url="https://packages.example/simple/")
    found = [(one.kind, one.object) for one in run_verification(verification, [ACME])]
    assert {kind for kind, _ in found} == {"other-page"}
    names = {name.removeprefix("gs://static/") for _, name in found}
    assert "pypi/acme/json" in names
    assert not any(name.startswith("simple/") for name in names)


def test_a_legacy_sdist_of_another_project_is_no_orphan(pool: Executor) -> None:
    index = MemoryIndex()
    for project, version in (("acme", "1.0"), ("acme-core", "1.0")):
        name = f"ci/1/{project}-{version}.tar.gz"
        index.buckets["incoming"].put(name, make_legacy_sdist(f"{project}-{version}", project))
        index.run(FileUploaded(bucket="incoming", name=name))
    assert find_differences(index, pool, [ACME]) == []


def test_nothing_is_written(index: MemoryIndex, pool: Executor) -> None:
    index.storage.counts.clear()
    list(make_verification(index, pool).run())
    assert index.storage.counts.requests.keys() <= {
        "objects.get",
        "objects.download",
        "objects.list",
    }


Damage = Callable[[MemoryIndex], None]


def lose(bucket: str, name: str) -> Damage:
    return lambda index: index.buckets[bucket].remove(name)


def put(bucket: str, name: str, data: bytes = b"?") -> Damage:
    def damage(index: MemoryIndex) -> None:
        index.buckets[bucket].put(name, data, BINARY)

    return damage


def change(bucket: str, name: str, data: bytes) -> Damage:
    return lambda index: overwrite(index.buckets[bucket], name, data)


def set_metadata(bucket: str, name: str, key: str, value: str) -> Damage:
    return lambda index: overwrite(index.buckets[bucket], name, metadata={key: value})


def retype(bucket: str, name: str) -> Damage:
    def damage(index: MemoryIndex) -> None:
        index.storage.patch(bucket, name, {"contentType": "text/plain"})

    return damage


def forget_a_file(index: MemoryIndex) -> None:
    """Restore an older record without the newest file."""
    whole = read_record(index)
    rest = {name: file for name, file in whole.files.items() if name != WHEEL}
    data = whole.model_copy(update={"files": rest}).encode()
    overwrite(index.buckets["metadata"], "projects/acme.json", data)


def swap_records(index: MemoryIndex) -> None:
    data = index.data("metadata")["projects/acme.json"]
    overwrite(index.buckets["metadata"], "projects/gamma.json", data)


def unblock(index: MemoryIndex) -> None:
    overwrite(index.buckets["static"], "blocked.json", Blocked().encode())


PLANTED: dict[str, tuple[Damage, list[tuple[str, str]]]] = {
    "a record's file is gone": (
        lose("packages", WHEEL),
        [("missing-file", f"packages/{WHEEL}")],
    ),
    "a file was overwritten": (
        change("packages", WHEEL, b"other bytes"),
        [("other-file", f"packages/{WHEEL}")],
    ),
    "a file's digest differs": (
        set_metadata("packages", WHEEL, "sha256", "0" * 64),
        [("other-file", f"packages/{WHEEL}")],
    ),
    "a .metadata is gone": (
        lose("packages", f"{WHEEL}.metadata"),
        [("missing-metadata", f"packages/{WHEEL}.metadata")],
    ),
    "a .metadata was overwritten": (
        change("packages", f"{WHEEL}.metadata", b"Name: evil\n"),
        [("other-metadata", f"packages/{WHEEL}.metadata")],
    ),
    "a file without an entry in a record": (
        put("packages", "acme-9.0-py3-none-any.whl"),
        [("orphan", "packages/acme-9.0-py3-none-any.whl")],
    ),
    "a file without an entry in a record, in an unusual spelling": (
        put("packages", "Acme-9.0.tar.gz"),
        [("orphan", "packages/Acme-9.0.tar.gz")],
    ),
    "a file of a project without a record": (
        put("packages", "omega-9.0-py3-none-any.whl"),
        [("orphan", "packages/omega-9.0-py3-none-any.whl")],
    ),
    "an object that is not a distribution": (
        put("packages", "notes"),
        [("orphan", "packages/notes")],
    ),
    "a page is gone": (
        lose("static", "pypi/acme/json"),
        [("missing-page", "static/pypi/acme/json")],
    ),
    "a page is of an older record": (
        set_metadata("static", "simple/acme/index.html", "record-revision", "1"),
        [("stale-page", "static/simple/acme/index.html")],
    ),
    "a page was edited": (
        change("static", "simple/acme/index.v1.json", b"{}"),
        [("other-page", "static/simple/acme/index.v1.json")],
    ),
    "a page for people is gone": (
        lose("static", "projects/acme/index.html"),
        [("missing-page", "static/projects/acme/index.html")],
    ),
    "a page of a release is gone": (
        lose("static", "projects/acme/1.0/index.html"),
        [("missing-page", "static/projects/acme/1.0/index.html")],
    ),
    "a page of a release was edited": (
        change("static", "projects/acme/2.0/index.html", b"<script>"),
        [("other-page", "static/projects/acme/2.0/index.html")],
    ),
    "the history was edited": (
        change("static", "projects/acme/history/index.html", b"?"),
        [("other-page", "static/projects/acme/history/index.html")],
    ),
    "the feed was edited": (
        change("static", "projects/acme/feed.xml", b"?"),
        [("other-page", "static/projects/acme/feed.xml")],
    ),
    "the list of releases was edited": (
        change("static", "projects/acme/releases.json", b"{}"),
        [("other-page", "static/projects/acme/releases.json")],
    ),
    "the JSON of a release was edited": (
        change("static", "pypi/acme/1.0/json", b"{}"),
        [("other-page", "static/pypi/acme/1.0/json")],
    ),
    "a page of a release is of an older record": (
        set_metadata("static", "projects/acme/1.0/index.html", "record-revision", "1"),
        [("stale-page", "static/projects/acme/1.0/index.html")],
    ),
    "a page of a release is of a record that was lost": (
        set_metadata("static", "projects/acme/1.0/index.html", "record-revision", str(1 << 62)),
        [("stale-page", "static/projects/acme/1.0/index.html")],
    ),
    "a page of a release that does not exist": (
        put("static", "projects/acme/9.0/index.html"),
        [("orphan", "static/projects/acme/9.0/index.html")],
    ),
    "a page for people of a project without a record": (
        put("static", "projects/omega/index.html"),
        [("orphan", "static/projects/omega/index.html")],
    ),
    "a page for people in an unusual spelling": (
        put("static", "projects/Acme/index.html"),
        [("orphan", "static/projects/Acme/index.html")],
    ),
    "a page has another type": (
        retype("static", "pypi/acme/json"),
        [("other-page", "static/pypi/acme/json")],
    ),
    "a page of a project without a record": (
        put("static", "simple/omega/index.html"),
        [("orphan", "static/simple/omega/index.html")],
    ),
    "a page of no kind": (
        put("static", "simple/acme/index.xml"),
        [("orphan", "static/simple/acme/index.xml")],
    ),
    "blocked.json blocks nothing": (
        unblock,
        [("wrong-blocked", "static/blocked.json")] * 2,
    ),
    "the catalog lacks a page": (
        lose("static", "index.html"),
        [("missing-catalog", "static/index.html")],
    ),
    "the catalog is old": (
        change("static", "simple/index.v1.json", b"{}"),
        [("stale-catalog", "static/simple/index.v1.json")],
    ),
    "the search lacks a shard": (
        lose("static", "search/ac.json"),
        [("missing-catalog", "static/search/ac.json")],
    ),
    "a shard shows a project without a record": (
        put("static", "search/om.json"),
        [("stale-catalog", "static/search/om.json")],
    ),
    "the pages lack their style sheet": (
        lose("static", STYLE),
        [("missing-catalog", f"static/{STYLE}")],
    ),
    "a script was edited": (
        change("static", SCRIPT, b"alert(1)"),
        [("stale-catalog", f"static/{SCRIPT}")],
    ),
    "an object that looks like one of the catalog": (
        put("static", "search/acme.json"),
        [("orphan", "static/search/acme.json")],
    ),
    "a record cannot be read": (
        change("metadata", "projects/acme.json", b"{}"),
        [("unreadable-record", "metadata/projects/acme.json")],
    ),
    "a record is another project's": (
        swap_records,
        [("unreadable-record", "metadata/projects/gamma.json")],
    ),
    "an object that is not a record": (put("metadata", "notes"), [("orphan", "metadata/notes")]),
}


@pytest.mark.parametrize("damage", PLANTED)
def test_planted_damage_is_found_and_nothing_else(
    damage: str, index: MemoryIndex, pool: Executor
) -> None:
    plant, expected = PLANTED[damage]
    plant(index)
    assert find_differences(index, pool) == expected


def test_a_restored_record_contradicts_the_pages_of_its_successor(
    index: MemoryIndex, pool: Executor
) -> None:
    forget_a_file(index)
    kinds = {kind for kind, _ in find_differences(index, pool, [ACME])}
    assert kinds == {"wrong-facts", "other-page", "orphan"}


def test_a_record_with_a_restored_older_version_is_behind_its_pages(
    index: MemoryIndex, pool: Executor
) -> None:
    remove_file(index, "acme-2.0-py3-none-any.whl")  # alone in the last version of the record
    older = index.storage.buckets["metadata"].archived["projects/acme.json"][-1]
    index.storage.insert("metadata", older.name, older.data, older.attributes)
    found = find_differences(index, pool, [ACME])
    assert found[-1] == ("wrong-blocked", "static/blocked.json")
    assert {kind for kind, _ in found[:-1]} == {"stale-page"}
    of_release = ("projects/acme/2.0/index.html", "pypi/acme/2.0/json")
    pages = (
        *("simple/acme/index.v1.json", "simple/acme/index.html", "pypi/acme/json"),
        *(f"projects/acme/{page}" for page in ("index.html", "releases.json", "feed.xml")),
        "projects/acme/history/index.html",
    )
    assert {name for _, name in found[:-1]} == {f"static/{page}" for page in (*of_release, *pages)}


def test_wrong_facts_of_the_catalog_show_in_its_pages(index: MemoryIndex, pool: Executor) -> None:
    set_metadata("metadata", "projects/acme.json", "latest-version", "9.9")(index)
    assert set(find_differences(index, pool)) == {
        ("wrong-facts", "metadata/projects/acme.json"),
        ("stale-catalog", "static/search.json"),
        ("stale-catalog", "static/search/ac.json"),
        ("stale-catalog", "static/projects/page1.html"),
        *(("stale-catalog", f"static/{name}") for name in ("recent.json", "feed.xml")),
    }


@pytest.mark.parametrize(
    "name", ["changelog/page1.html", "static/0123456789abcdef/style.css", "projects/page2.html"]
)
def test_objects_of_an_older_release_or_a_longer_list_are_no_orphans(
    name: str, index: MemoryIndex, pool: Executor
) -> None:
    index.buckets["static"].put(name, b"old")
    assert [one for one in find_differences(index, pool) if one[0] == "orphan"] == []


def test_facts_that_cannot_be_read_are_wrong_but_the_catalog_does_without(
    index: MemoryIndex, pool: Executor
) -> None:
    set_metadata("metadata", "projects/acme.json", "status", "lost")(index)
    assert find_differences(index, pool) == [("wrong-facts", "metadata/projects/acme.json")]


def test_blocked_entries_of_projects_without_a_record_are_found(
    index: MemoryIndex, pool: Executor
) -> None:
    index.buckets["metadata"].remove("projects/gamma.json")
    assert ("wrong-blocked", "static/blocked.json") in find_differences(index, pool)


def test_bytes_that_are_not_those_of_their_generation_are_found_by_reading_them(
    index: MemoryIndex, pool: Executor
) -> None:
    """Simulate a bucket that was copied by hand; Cloud Storage keeps the bytes of a generation."""
    bucket = index.storage.buckets["packages"]
    bucket.live[WHEEL] = replace(
        bucket.live[WHEEL], content=MemoryContent(bytes(len(bucket.live[WHEEL].data)))
    )
    assert find_differences(index, pool) == []
    (difference,) = run_verification(make_verification(index, pool, read_files=True))
    assert (difference.kind, difference.object) == ("other-file", f"gs://packages/{WHEEL}")


def test_only_the_projects_that_were_named_are_looked_at(
    index: MemoryIndex, pool: Executor
) -> None:
    for project in ("acme", "gamma"):
        index.buckets["static"].remove(f"pypi/{project}/json")
    assert find_differences(index, pool, [ACME]) == [("missing-page", "static/pypi/acme/json")]


def test_a_difference_that_disappears_during_the_wait_is_not_reported(
    index: MemoryIndex, pool: Executor
) -> None:
    wheel = index.upload("acme", "3.0")
    silent = index.pipeline.silent
    index.pipeline.silent = frozenset({"publisher-project", "publisher-catalog"})
    index.run(wheel)
    index.pipeline.silent = silent
    behind = index.pipeline.messages[-1]
    waited = list[float]()

    def wait() -> None:
        waited.append(time.monotonic())
        index.run(behind)

    assert run_verification(make_verification(index, pool, wait=wait)) == []
    assert len(waited) == 1


def test_a_difference_reads_as_a_sentence() -> None:
    difference = Difference("orphan", "gs://packages/x", "no record lists it")
    assert str(difference) == "orphan gs://packages/x: no record lists it"


def test_commands_are_printed_with_author_time_and_id(index: MemoryIndex, pool: Executor) -> None:
    """They are no differences: no pause follows, and no second check."""
    waits = list[float]()
    verification = make_verification(index, pool, wait=lambda: waits.append(1))
    assert run_verification(verification) == []
    assert waits == []
    lines = find_commands(index, pool)
    assert [re.sub(r"command \d+", "command N", line) for line in lines] == [
        "yanked acme 1: by an operator without a name, by message, 2026-01-01T00:00:00.000000Z, "
        "command N: broken",
        "removed acme acme-1.1-py3-none-any.whl: by an operator without a name, by message, "
        "2026-01-01T00:00:01.000000Z, command N",
        "quarantined gamma: by an operator without a name, by message, "
        "2026-01-01T00:00:02.000000Z, command N",
    ]


def test_commands_are_printed_once_next_to_differences(index: MemoryIndex, pool: Executor) -> None:
    index.buckets["static"].remove("pypi/acme/json")
    findings = list(make_verification(index, pool).run([ACME]))
    assert [type(one) for one in findings] == [EffectiveCommand, EffectiveCommand, Difference]


def remove_file(index: MemoryIndex, filename: str) -> None:
    command = {"action": "remove", "project": "acme", "filename": filename}
    index.run(ProjectCommand.model_validate(command))


def quarantine_release(index: MemoryIndex, status: str = "quarantined", second: int = 0) -> None:
    command = {"action": "set-status", "project": "acme", "version": "2.0", "status": status}
    issued_at = LONG_AGO + timedelta(seconds=second)
    index.run(ProjectCommand.model_validate({**command, "issued_at": issued_at}))


def test_a_quarantined_release_is_no_difference(index: MemoryIndex, pool: Executor) -> None:
    quarantine_release(index)
    assert find_differences(index, pool) == []
    assert [line.split(":")[0] for line in find_commands(index, pool, [ACME])] == [
        "quarantined acme 2",
        "yanked acme 1",
        "removed acme acme-1.1-py3-none-any.whl",
    ]
    quarantine_release(index, "active", 1)
    assert find_differences(index, pool) == []
    assert len(find_commands(index, pool, [ACME])) == 2


@pytest.mark.parametrize("field", ["filenames", "releases"])
def test_a_quarantined_release_that_is_not_blocked_is_found(
    field: str, index: MemoryIndex, pool: Executor
) -> None:
    quarantine_release(index)
    document = Blocked.model_validate_json(index.data("static")["blocked.json"])
    entry = document.projects[ACME].model_copy(update={field: ()})
    damaged = Blocked(projects={**document.projects, ACME: entry})
    overwrite(index.buckets["static"], "blocked.json", damaged.encode())
    assert find_differences(index, pool, [ACME]) == [("wrong-blocked", "static/blocked.json")]


def announce_equivalent(index: MemoryIndex, **facts: object) -> None:
    """Announce two files of one release, tag set and time, as older indexers recorded them."""
    for filename in ("acme-3.0-py3-none-any.whl", "acme-3.0.0-py3-none-any.whl"):
        info = index.buckets["packages"].put(filename, b"", Headers("", "", {}))
        file = make_file_record(filename, generation=info.generation, **facts)
        index.run(FileAccepted(file=file))


def test_listed_files_that_are_equivalent_are_reported(index: MemoryIndex, pool: Executor) -> None:
    announce_equivalent(index)
    found = run_verification(make_verification(index, pool))
    assert [(one.object, one.detail) for one in found if one.kind == "equivalent-files"] == [
        (
            "gs://packages/acme-3.0.0-py3-none-any.whl",
            "it has the same release, build number and tag set as acme-3.0-py3-none-any.whl, and "
            "both are listed: remove the one that no installer needs",
        )
    ]


def test_an_unlisted_file_is_no_difference(index: MemoryIndex, pool: Executor) -> None:
    announce_equivalent(index, promoted_at=NOON)
    assert "equivalent-files" not in {kind for kind, _ in find_differences(index, pool)}


def test_a_removed_one_of_equivalent_files_is_no_difference(
    index: MemoryIndex, pool: Executor
) -> None:
    announce_equivalent(index)
    remove_file(index, "acme-3.0-py3-none-any.whl")
    assert "equivalent-files" not in {kind for kind, _ in find_differences(index, pool)}


def upload_sdist(index: MemoryIndex) -> None:
    name = f"ci/1/{sdists.FILENAME}"
    index.buckets["incoming"].put(name, sdists.BYTES)
    index.run(FileUploaded(bucket="incoming", name=name))


def test_the_pkg_info_of_an_sdist_is_compared(index: MemoryIndex, pool: Executor) -> None:
    upload_sdist(index)
    assert find_differences(index, pool) == []
    overwrite(index.buckets["packages"], f"{sdists.FILENAME}.metadata", b"damaged")
    assert find_differences(index, pool) == [
        ("other-metadata", f"packages/{sdists.FILENAME}.metadata")
    ]
    index.buckets["packages"].remove(f"{sdists.FILENAME}.metadata")
    assert find_differences(index, pool) == [
        ("missing-metadata", f"packages/{sdists.FILENAME}.metadata")
    ]


def test_the_pkg_info_of_an_sdist_with_an_old_record_is_no_orphan(
    index: MemoryIndex, pool: Executor
) -> None:
    upload_sdist(index)
    record = read_record(index)
    old = record.files[Filename(sdists.FILENAME)].model_copy(update={"pkg_info_sha256": None})
    files = {**record.files, old.filename: old}
    changed = record.model_copy(update={"files": files}).encode()
    overwrite(index.buckets["metadata"], "projects/acme.json", changed)
    index.run(ProjectIndexed(project=ACME, record_revision=0, force=True))
    assert find_differences(index, pool) == []
