"""Recordings of all releases (``testing/releases/``): this release reads all of them.

The tests with the code of the previous release need the history of this repository.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cloud.ports import ObjectInfo
from compatibility.test_unknown_fields import find_lost
from ingest.facts import is_promoted
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import MESSAGES
from schemas.records import Blocked, ProjectRecord
from schemas.tokens import TokenDocument
from schemas.types import Document
from schemas.verdict_documents import CommandVerdict, Verdict
from testing.compatibility.history import (
    ROOT,
    Checkout,
    HistoryUnavailable,
    Release,
    check_out,
    read_releases,
)
from testing.compatibility.recording import FILES, mask_volatile, read_recording, record
from testing.fakes.examples import NOON

RELEASES = read_releases()
*EARLIER, CURRENT = RELEASES
PREVIOUS = EARLIER[-1]
Json = Any
every_release = pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)


def load(release: Release, name: str) -> Json:
    return json.loads(read_recording(release)[name])


def list_objects(release: Release, bucket: str) -> Mapping[str, Json]:
    objects: Mapping[str, Json] = load(release, "objects.json")[bucket]
    return objects


def find_kind(bucket: str, name: str) -> type[Document]:
    if bucket == "VERDICTS_BUCKET":
        return CommandVerdict if name.startswith("commands/") else Verdict
    return ProjectRecord if bucket == "METADATA_BUCKET" else Blocked


def list_documents(release: Release) -> Iterator[tuple[type[Document], str, Json]]:
    """Yield kind, object name and content of all documents that services read."""
    for bucket in ("VERDICTS_BUCKET", "METADATA_BUCKET", "STATIC_BUCKET"):
        for name, each in list_objects(release, bucket).items():
            if "document" in each:
                yield find_kind(bucket, name), name, each["document"]


@every_release
def test_every_recorded_message_is_read_without_loss(release: Release) -> None:
    messages = load(release, "messages.json")
    kinds = {kind.topic: kind for kind in MESSAGES}
    topics = {"file-uploaded", "file-accepted", "file-refused", "project-command"}
    assert messages.keys() >= {*topics, "project-indexed", "project-published"}
    for topic, contents in messages.items():
        for content in contents:
            read = kinds[topic].decode(json.dumps(content).encode())
            assert find_lost(content, json.loads(read.encode())) == []


@every_release
def test_every_recorded_document_is_read_without_loss(release: Release) -> None:
    found = {kind for kind, _, _ in list_documents(release)}
    assert found == {ProjectRecord, Verdict, CommandVerdict, Blocked}
    for kind, name, content in list_documents(release):
        read = kind.model_validate_json(json.dumps(content))
        assert find_lost(content, json.loads(read.encode())) == [], name


@every_release
def test_the_recorded_tokens_are_read(release: Release) -> None:
    document = TokenDocument.read(json.dumps(load(release, "tokens.json")).encode())
    assert [(t.name, t.expires is None) for t in document.tokens] == [("ada", True), ("ci", False)]


@every_release
def test_recorded_custom_metadata_is_read(release: Release) -> None:
    for name, each in list_objects(release, "METADATA_BUCKET").items():
        entry = CatalogEntry.read(layout.parse_record_name(name), each["metadata"])
        assert str(entry.revision) == each["document"]["revision"]
    pages = list_objects(release, "STATIC_BUCKET")
    revisions = {n: layout.read_record_revision(pages[n]["metadata"]) for n in pages}
    projects = [
        each["document"]["project"] for each in list_objects(release, "METADATA_BUCKET").values()
    ]
    expected = {
        locate(project)
        for project in projects
        for locate in (
            layout.locate_project_html,
            layout.locate_project_json,
            layout.locate_legacy_json,
        )
    }
    written = {name for name, revision in revisions.items() if revision}
    of_web = tuple(f"{folder}/{each}/" for each in projects for folder in ("projects", "pypi"))
    assert written >= expected
    assert {name for name in written - expected if not name.startswith(of_web)} == set()
    packages = list_objects(release, "PACKAGES_BUCKET")
    files = [n for n in packages if not n.endswith(layout.METADATA_SUFFIX)]
    assert [n for n in files if not is_promoted(make_info(n, packages[n]["metadata"]))] == []


def make_info(name: str, metadata: Mapping[str, str]) -> ObjectInfo:
    return ObjectInfo(name=name, generation=1, size=1, created=NOON, metadata=metadata)


def test_the_recording_of_this_release_is_up_to_date(tmp_path: Path) -> None:
    """After a change of a message or document: ``.venv/bin/python -m testing.compatibility``."""
    now = record(check_out(CURRENT, tmp_path), tmp_path / "log")
    stored = read_recording(CURRENT)
    for name in FILES:
        assert mask_volatile(now[name]) == mask_volatile(stored[name]), name


def list_fields(schema: Json) -> dict[str, Json]:
    """Return all fields of a JSON Schema by path; ``*`` is any key of a map or item of a list."""
    found: dict[str, Json] = {}

    def visit(node: Json, path: str) -> None:
        if "$ref" in node:
            node = {**schema["$defs"][node["$ref"].rpartition("/")[2]], **node}
        for choice in node.get("anyOf", ()):
            visit(choice, path)
        for name, each in node.get("properties", {}).items():
            found[f"{path}{name}"] = {"required": name in node.get("required", ())}
            visit(each, f"{path}{name}/")
        for key in ("additionalProperties", "items"):
            if isinstance(node.get(key), dict):
                visit(node[key], f"{path}*/")

    visit(schema, "")
    return found


@pytest.mark.parametrize("release", EARLIER, ids=lambda release: release.version)
def test_no_field_of_an_earlier_release_is_gone_and_no_new_one_is_required(
    release: Release,
) -> None:
    for name, schema in load(release, "schemas.json").items():
        before, now = list_fields(schema), list_fields(load(CURRENT, "schemas.json")[name])
        assert before.keys() - now.keys() == set(), name
        required = {path for path, field in now.items() if field["required"]}
        parents = {path for path in required if is_old_parent(path, before)}
        assert {path for path in parents if not before.get(path, {}).get("required")} == set(), name


def is_old_parent(path: str, before: Mapping[str, Json]) -> bool:
    """Return whether an object that the earlier release writes has the field at ``path``."""
    parent = path.rpartition("/")[0].removesuffix("/*")
    return not parent or parent in before


@pytest.mark.parametrize(
    ("earlier", "later"),
    list(pairwise(RELEASES)),
    ids=lambda release: release.version,
)
def test_new_facts_of_a_file_have_a_higher_version(earlier: Release, later: Release) -> None:
    fields = [list_fields(load(r, "schemas.json")["file-accepted"]) for r in (earlier, later)]
    versions = [
        max(m["file"].get("facts_version", 1) for m in load(r, "messages.json")["file-accepted"])
        for r in (earlier, later)
    ]
    assert (versions[0] < versions[1]) == (fields[0].keys() != fields[1].keys())


def list_new_fields(document: str) -> set[str]:
    """Return the fields of a document that the previous release drops, without fields in them."""
    before, now = (list_fields(load(r, "schemas.json")[document]) for r in (PREVIOUS, CURRENT))
    return {path for path in now.keys() - before.keys() if is_old_parent(path, before)}


def test_the_documentation_lists_the_fields_that_the_previous_release_drops() -> None:
    page = (ROOT / "docs/upgrade.md").read_text("utf-8")
    section = page.partition(f"## Fields that {PREVIOUS.version} drops\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*)", section, re.MULTILINE)
    listed = {field for cell in cells for field in re.findall(r"`([a-z0-9_*/]+)`", cell)}
    assert listed == list_new_fields("project-record") | list_new_fields("blocked")


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    try:
        return check_out(PREVIOUS, tmp_path_factory.mktemp("previous"))
    except HistoryUnavailable as reason:
        pytest.skip(str(reason))


_READ = """
import json, sys
from schemas import events, records, tokens
kinds = {each.__name__: each for each in (*events.MESSAGES, *records.DOCUMENTS)}
kinds["TokenDocument"] = tokens.TokenDocument
written = []
for name, content in json.load(sys.stdin):
    document = kinds[name].model_validate_json(json.dumps(content))
    written.append(json.loads(document.encode()))
json.dump(written, sys.stdout)
"""


_KEYS = re.compile(r"\b(files|versions|projects|release_status)/[^/]+")
"""Fields with maps, and a key of the map."""


def read_with(checkout: Checkout, contents: Sequence[tuple[str, Json]]) -> Sequence[Json]:
    """Read documents with the code of a release; return them as it writes them back."""
    written: Sequence[Json] = json.loads(checkout.run_python(_READ, json.dumps(contents).encode()))
    return written


def test_the_previous_release_reads_messages_and_documents_of_this_one(previous: Checkout) -> None:
    """And drops only the documented fields when it writes a record."""
    known = load(PREVIOUS, "messages.json")
    kinds = {kind.topic: kind.__name__ for kind in MESSAGES}
    contents: list[tuple[str, Json]] = [
        (kinds[topic], message)
        for topic, messages in load(CURRENT, "messages.json").items()
        if topic in known
        for message in messages
    ]
    contents.append(("TokenDocument", load(CURRENT, "tokens.json")))
    contents += [(kind.__name__, document) for kind, _, document in list_documents(CURRENT)]
    written = read_with(previous, contents)
    allowed = list_new_fields("project-record") | list_new_fields("blocked")
    lost = set[str]()
    for (kind, before), after in zip(contents, written, strict=True):
        if kind in ("ProjectRecord", "Blocked"):
            lost |= {_KEYS.sub(r"\1/*", path) for path in find_lost(before, after)}
    assert lost
    assert lost <= allowed
