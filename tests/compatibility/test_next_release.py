"""This release and a synthetic next one, side by side: no write loses a field of the next one.

The next release is this code with one more field in each message and document.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from compatibility.test_side_by_side import create_commands, upload
from compatibility.test_unknown_fields import find_lost
from local import topology
from schemas import layout
from schemas.events import ProjectCommand
from testing.compatibility.history import check_out, read_releases
from testing.compatibility.mixed_services import WORKERS, run_mixed_services
from testing.compatibility.next_release import FIELD, build_next_release

SEED = 16
PROJECTS = ["side-0", "side-1", "side-9"]
Versions = Sequence[dict[str, Any]]
"""Versions of a JSON object, the oldest first."""


@dataclass(frozen=True)
class MixedRun:
    """Messages, and all versions of the records and of ``blocked.json``."""

    served: Mapping[tuple[str, str], int]
    dead_letters: Sequence[bytes]
    accepted: Sequence[dict[str, dict[str, object]]]
    """Announcements of files."""
    records: Mapping[str, Versions]
    blocked: Versions


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MixedRun]:
    folder, random = tmp_path_factory.mktemp("next"), Random(SEED)  # noqa: S311 - repeatable
    this = check_out(read_releases()[-1], folder / "this")
    releases = [this, build_next_release(folder / "next")]
    with run_mixed_services(releases, folder / "log", random) as services:
        files = upload(services, PROJECTS, range(14))
        random.shuffle(files)
        services.deliver(files)
        of_projects = [
            command
            for command in create_commands()
            if isinstance(command, ProjectCommand) and command.project in PROJECTS
        ]
        for command in of_projects:
            services.deliver([command])
        print(f"\nseed {SEED}: {dict(services.served)}\n{(folder / 'log').read_text('utf-8')}")

        def read_versions(bucket: str, name: str) -> Versions:
            versions = services.storage.buckets[bucket].versions(name)
            return [json.loads(version.data) for version in versions]

        published = services.broker.published
        names = list(services.storage.buckets[topology.METADATA].names)
        yield MixedRun(
            served=dict(services.served),
            dead_letters=services.pubsub.pull_dead_letters(),
            accepted=[json.loads(data) for topic, data in published if topic == "file-accepted"],
            records={name: read_versions(topology.METADATA, name) for name in names},
            blocked=read_versions(topology.STATIC, layout.BLOCKED),
        )


def test_both_releases_served_every_service(result: MixedRun) -> None:
    versions = ("unreleased", "next")
    assert set(result.served) == {(each, version) for each in WORKERS for version in versions}
    assert list(result.dead_letters) == []


def list_losses(versions: Versions) -> list[str]:
    """Return the keys that a version has and its successor lacks."""
    return [path for before, after in pairwise(versions) for path in find_lost(before, after)]


def test_no_commit_of_a_record_loses_a_field(result: MixedRun) -> None:
    """Apart from registers, which a newer command replaces with their fields."""
    assert {len(versions) > 1 for versions in result.records.values()} == {True}
    losses = [path for versions in result.records.values() for path in list_losses(versions)]
    replaced = [path for path in losses if path.startswith(("yanked/versions/", "removed/files/"))]
    assert losses == replaced
    assert {path.rpartition("/")[2] for path in losses} <= {FIELD}


def test_no_write_of_blocked_json_loses_a_field(result: MixedRun) -> None:
    assert len(result.blocked) > 1
    assert list_losses(result.blocked) == []
    assert FIELD in result.blocked[-1]


def test_facts_that_the_next_release_announced_are_recorded_with_its_field(
    result: MixedRun,
) -> None:
    files = [message["file"] for message in result.accepted]
    with_field = {file["filename"] for file in files if FIELD in file}
    without = {file["filename"] for file in files if FIELD not in file}
    assert with_field
    assert without
    first = dict[str, bool]()
    for record in (each for versions in result.records.values() for each in versions):
        recorded: Mapping[str, Mapping[str, object]] = record["files"]
        for name, facts in recorded.items():
            first.setdefault(name, FIELD in facts)
    assert {name for name in with_field - without if not first[str(name)]} == set()
