"""The previous release and this one, side by side on the same buckets and topics.

Each message goes at random to a process of one of the two releases, as during a rollout. The
previous release is the code of its commit, from the history of this repository.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest

from chaos.model import SequentialModel
from ingest.facts import FACTS_VERSION
from local import topology
from schemas import layout
from schemas.events import FileAccepted, FileUploaded, ProjectCommand
from schemas.push import Message
from schemas.records import Blocked, ProjectRecord
from schemas.verdict_documents import CommandVerdict, Verdict
from testing.compatibility.history import Checkout, HistoryUnavailable, check_out, read_releases
from testing.compatibility.mixed_services import WORKERS, MixedServices, run_mixed_services
from testing.corpus.tarball import Tar, pack_tar
from testing.fakes.examples import LONG_AGO
from testing.fakes.small_wheels import build_wheel, wheel_filename

SEED = 15
PROJECTS = [f"side-{number}" for number in range(10)]
RELEASES = 20
"""Releases of each project, each with one file: a wheel, or every fifth an sdist."""
*EARLIER, CURRENT = read_releases()
Objects = Mapping[str, bytes]


def build_file(project: str, number: int) -> tuple[str, bytes]:
    """Return name and content of a file that all releases accept."""
    name, version = project.replace("-", "_"), f"1.{number}"
    if number % 5 == 4:
        fields = f"Metadata-Version: 2.2\nName: {project}\nVersion: {version}\n"
        pkg_info = f"{fields}Requires-Python: >=3.9\n".encode()
        top = f"{name}-{version}".encode()
        return f"{name}-{version}.tar.gz", pack_tar(
            Tar(top + b"/PKG-INFO", pkg_info), Tar(top + b"/pyproject.toml", b"[project]\n")
        )
    wheel = build_wheel(name, version, metadata="Requires-Python: >=3.9\nSummary: a tool\n")
    return wheel_filename(name, version), wheel


def upload(services: MixedServices, projects: Sequence[str], numbers: range) -> list[Message]:
    """Create incoming objects, as CI does; return their announcements."""
    messages: list[Message] = []
    for project in projects:
        for number in numbers:
            filename, data = build_file(project, number)
            name = f"ci/{number}/{filename}"
            services.storage.insert(topology.INCOMING, name, data)
            messages.append(FileUploaded(bucket=topology.INCOMING, name=name))
    return messages


def create_commands() -> list[Message]:
    """Create four commands for each project, about files of the first phase."""
    return [
        ProjectCommand.model_validate(
            {
                **action,
                "project": project,
                "reason": "a test",
                "command_id": f"{project}-{number}",
                "issued_at": LONG_AGO + timedelta(seconds=number),
            }
        )
        for place, project in enumerate(PROJECTS)
        for number, action in enumerate(list_actions(place, project))
    ]


def list_actions(place: int, project: str) -> list[dict[str, str]]:
    """Return actions of all kinds; only projects without later files are closed."""
    filenames = [build_file(project, number)[0] for number in range(RELEASES)]
    lift = (
        {"action": "unyank", "version": "1.0"},
        {"action": "restore", "filename": filenames[1]},
    )[place % 2]
    statuses = ("archived", "quarantined", "deprecated", "active", "quarantined")
    status = statuses[place] if place < len(statuses) else "deprecated"
    return [
        {"action": "yank", "version": "1.0"},
        {"action": "remove", "filename": filenames[1]},
        lift,
        {"action": "set-status", "status": status},
    ]


@dataclass(frozen=True)
class SideBySide:
    """State after both phases, and after the end of the rollout."""

    commands: Sequence[ProjectCommand]
    uploads: Sequence[FileUploaded]
    served: Mapping[tuple[str, str], int]
    dead_letters: Sequence[bytes]
    messages: Sequence[tuple[str, bytes]]
    mixed: Mapping[str, Objects]
    finished: Mapping[str, Objects]
    verify: tuple[int, str]
    """Exit code and standard error of ``verify`` at the end."""


def read_objects(services: MixedServices) -> dict[str, Objects]:
    buckets = services.storage.buckets
    return {
        name: {each: version.data for each, version in buckets[name].live.items()}
        for name in topology.BUCKETS.values()
    }


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    try:
        return check_out(EARLIER[-1], tmp_path_factory.mktemp("previous"))
    except HistoryUnavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def result(previous: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    current = check_out(CURRENT, tmp_path_factory.mktemp("current"))
    log, random = tmp_path_factory.mktemp("side") / "log", Random(SEED)  # noqa: S311 - repeatable
    with run_mixed_services([previous, current], log, random, write_interval=0.1) as services:
        first = upload(services, PROJECTS[:5], range(RELEASES)) + upload(
            services, PROJECTS[5:], range(RELEASES // 2)
        )
        random.shuffle(first)
        services.deliver(first)
        second = upload(services, PROJECTS[5:], range(RELEASES // 2, RELEASES))
        commands = create_commands()
        both = second + commands
        random.shuffle(both)
        services.deliver(both)
        served, mixed = dict(services.served), read_objects(services)
        print(f"\nseed {SEED}: {served}\n{log.read_text('utf-8')[-2000:]}")
        for command in (("ingest", "reindex"), ("publisher", "rebuild")):
            done = services.run_command(current, *command)
            assert done.returncode == 0, done.stderr
        words = ("publisher", "verify", "--patience", "0")
        verified = services.run_command(current, *words, publishes=False)
        yield SideBySide(
            commands=[each for each in commands if isinstance(each, ProjectCommand)],
            uploads=[each for each in first + second if isinstance(each, FileUploaded)],
            served=served,
            dead_letters=services.pubsub.pull_dead_letters(),
            messages=list(services.broker.published),
            mixed=mixed,
            finished=read_objects(services),
            verify=(verified.returncode, verified.stderr),
        )


def build_model(result: SideBySide, state: Mapping[str, Objects]) -> SequentialModel:
    """Return the model of all commands on the recorded facts."""
    records = read_records(state).values()
    announced = [FileAccepted(file=file) for each in records for file in each.files.values()]
    return SequentialModel.from_messages([*announced, *result.commands])


def read_records(state: Mapping[str, Objects]) -> dict[str, ProjectRecord]:
    found = map(ProjectRecord.model_validate_json, state[topology.METADATA].values())
    without = {"revision": 0, "changed": {}, "changed_at": None}
    return {record.project: record.model_copy(update=without) for record in found}


def test_both_releases_served_every_service(result: SideBySide, previous: Checkout) -> None:
    versions = (previous.release.version, CURRENT.version)
    expected = {(each, version) for each in WORKERS for version in versions}
    assert set(result.served) == expected - {("web", previous.release.version)}


def test_no_message_is_dead_lettered_and_no_file_is_refused(result: SideBySide) -> None:
    assert (len(result.uploads), len(result.commands)) == (200, 40)
    assert list(result.dead_letters) == []
    assert [data for topic, data in result.messages if topic == "file-refused"] == []


def test_every_file_is_promoted_accepted_and_recorded(result: SideBySide) -> None:
    names = {each.name.rpartition("/")[2] for each in result.uploads}
    packages = {n for n in result.mixed[topology.PACKAGES] if not n.endswith(".metadata")}
    assert packages == names
    assert {
        file for record in read_records(result.mixed).values() for file in record.files
    } == names
    verdicts = result.mixed[topology.VERDICTS]
    uploads = [Verdict.model_validate_json(verdicts[n]) for n in verdicts if n.startswith("ci/")]
    assert sorted(verdict.name for verdict in uploads) == sorted(u.name for u in result.uploads)
    assert {verdict.outcome for verdict in uploads} == {"accepted"}


def test_every_command_is_done_and_in_its_record(result: SideBySide) -> None:
    verdicts = result.mixed[topology.VERDICTS]
    answers = [
        CommandVerdict.model_validate_json(verdicts[n])
        for n in verdicts
        if n.startswith("commands/")
    ]
    assert {a.command_id: a.outcome for a in answers} == {
        each.command_id: "done" for each in result.commands
    }
    assert read_records(result.mixed) == build_model(result, result.mixed).build_records()


@pytest.mark.parametrize("state", ["mixed", "finished"])
def test_every_page_lists_the_files_of_the_model(result: SideBySide, state: str) -> None:
    """The two releases write different bytes, so pages are compared by their meaning."""
    objects = getattr(result, state)
    model = build_model(result, objects)
    rendered = model.render_pages()
    for project, record in model.build_records().items():
        name = layout.locate_project_json(record.project)
        assert summarise(objects[topology.STATIC][name]) == summarise(rendered[name]), project


def summarise(page: bytes) -> object:
    document = json.loads(page)
    files = {
        file["filename"]: (file["hashes"], file["yanked"], file["size"])
        for file in document["files"]
    }
    return document["name"], document.get("project-status"), files, sorted(document["versions"])


def test_blocked_json_lists_the_files_of_the_model(result: SideBySide) -> None:
    blocked = Blocked.model_validate_json(result.mixed[topology.STATIC][layout.BLOCKED])
    projects = {
        n: entry.model_copy(update={"revision": 0}) for n, entry in blocked.projects.items()
    }
    assert Blocked(projects=projects) == build_model(result, result.mixed).build_blocked()


def test_reindex_and_rebuild_end_the_rollout(result: SideBySide) -> None:
    """Then every fact and page is that of this release alone."""
    code, lines = result.verify
    assert (code, lines.splitlines()[-1]) == (0, "verify: no differences")
    expected = build_model(result, result.finished).render_pages()
    # The pages for people depend on the files too; verify has rendered them. Only the older catalog
    # writes a changelog.
    others = ("projects/", "pypi/", "changelog/")
    finished = result.finished[topology.STATIC]
    pages = {n: data for n, data in finished.items() if n in expected or not n.startswith(others)}
    assert pages.pop(layout.BLOCKED)
    assert pages == expected
    assert {f"projects/{project}/index.html" for project in PROJECTS} <= finished.keys()
    files = [f for r in read_records(result.finished).values() for f in r.files.values()]
    assert {file.facts_version for file in files} == {FACTS_VERSION}
    # Only the release that promotes a file can store these facts with the object.
    promoters = {(file.run is None, file.promoted_at is None) for file in files}
    assert promoters == {(True, True), (False, False)}
