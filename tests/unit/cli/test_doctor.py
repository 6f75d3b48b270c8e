"""``gcpypi doctor``: checks over fake probes. ``tests/e2e/test_cli_operate.py`` runs the rest."""

import json
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from checks.distribution import verify
from checks.policy import Policy
from cloud.errors import CloudError, MissingBucket, NotFound, PermissionDenied, Unavailable
from gcpypi.doctor.cloud_checks import CREATE, GET, LIST, PUBLISH, WRITERS
from gcpypi.doctor.diagnosis import choose_exit_code, diagnose, report
from gcpypi.doctor.finding import Finding, Level
from gcpypi.doctor.probe_wheel import build_wheel, name_wheel
from gcpypi.doctor.probes import IndexAnswer, ServiceState
from gcpypi.errors import CommandFailure, ExitCode
from schemas import __version__
from schemas.discovery import IndexDescription
from unit.cli.command_run import run_command
from unit.cli.importing.source_server import SourceServer, run_source

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
READY = ServiceState(is_ready=True, message="", tag=f"{__version__}-0123456789ab")
DESCRIPTION = IndexDescription(
    version=__version__,
    gcp_project="acme-prod",
    region="europe-west1",
    buckets={
        role: f"b-{role}" for role in ("incoming", "packages", "verdicts", "metadata", "static")
    },
    topics={name: name for name in ("file-uploaded", "project-command", "file-refused")},
    services={"ingest": "gcpypi-ingest"},
)
UPLOAD = DESCRIPTION.model_copy(
    update={
        "upload_url": "https://upload.example.com/legacy/",
        "services": {"upload": "gcpypi-upload"},
    }
)


def take(value: object) -> object:
    """Raise a prepared error, or return a prepared value."""
    if isinstance(value, Exception):
        raise value
    return value


@dataclass
class MemoryProbes:
    """Probes of a healthy index, apart from what a test changes."""

    is_local: bool = False
    index_url: str = "https://packages.example.com/simple/"
    description: IndexDescription | Exception = DESCRIPTION
    projects: int | None = 3
    date: datetime | Exception | None = NOW
    rights: Collection[str] = (CREATE, GET, LIST, PUBLISH)
    resources: dict[str, Exception] = field(default_factory=dict)
    subscriptions: Mapping[str, str] | Exception = field(
        default_factory=lambda: {
            "ingest-file-uploaded": "file-uploaded",
            "indexer-project-command": "project-command",
            "a-dead-letter": "a",
        }
    )
    letters: Mapping[str, int] | Exception = field(default_factory=lambda: {"a-dead-letter": 0})
    tokens: int | Exception = 1
    service: ServiceState | Exception = READY
    status: int | Exception = 200
    requested: list[str] = field(default_factory=list)

    def describe(self) -> IndexDescription:
        return take(self.description)  # type: ignore[return-value] # prepared

    def fetch_list(self) -> IndexAnswer:
        return IndexAnswer(self.projects, take(self.date))  # type: ignore[arg-type] # prepared

    def fetch_status(self, url: str) -> int:
        self.requested.append(url)
        return take(self.status)  # type: ignore[return-value] # prepared

    def read_clock(self) -> datetime:
        return NOW

    def list_bucket_rights(self, bucket: str, rights: Sequence[str]) -> Collection[str]:
        take(self.resources.get(bucket))
        return [right for right in rights if right in self.rights]

    def list_topic_rights(self, topic: str, rights: Sequence[str]) -> Collection[str]:
        take(self.resources.get(topic))
        return [right for right in rights if right in self.rights]

    def list_subscriptions(self) -> Mapping[str, str]:
        return take(self.subscriptions)  # type: ignore[return-value] # prepared

    def count_dead_letters(self, subscriptions: Collection[str]) -> Mapping[str, int]:
        return take(self.letters)  # type: ignore[return-value] # prepared

    def count_tokens(self) -> int:
        return take(self.tokens)  # type: ignore[return-value] # prepared

    def find_service(self, name: str) -> ServiceState:
        return take(self.service)  # type: ignore[return-value] # prepared


def find(probes: MemoryProbes, subject: str) -> Finding:
    [found] = [each for each in diagnose(probes) if each.subject == subject]
    return found


def check_writers(
    names: Collection[str], services: Collection[str], is_local: bool = False
) -> Finding:
    """Check the topic of the writers of pages, with its subscriptions and the services."""
    update: Mapping[str, Mapping[str, str]] = {
        "topics": {"project-indexed": "project-indexed"},
        "services": {role: f"gcpypi-{role}" for role in services},
    }
    description = DESCRIPTION.model_copy(update=update)
    subscriptions = dict.fromkeys(names, "project-indexed")
    probes = MemoryProbes(is_local, description=description, subscriptions=subscriptions)
    return find(probes, "topic project-indexed")


@pytest.mark.parametrize("lost", WRITERS.values())
def test_each_writer_of_pages_needs_its_subscription(lost: str) -> None:
    names = set(WRITERS.values())

    found = check_writers(names - {lost}, WRITERS)

    assert check_writers(names, WRITERS).level is Level.OK
    assert found.level is Level.ERROR
    assert f"project-indexed has no subscription {lost}: run deploy/install" in found.text
    assert check_writers(names - {lost}, (), is_local=True).level is Level.ERROR


def test_an_index_without_a_service_needs_no_subscription_of_it() -> None:
    names = {"publisher-project", "publisher-catalog"}

    assert check_writers(names, ("publisher", "catalog")).level is Level.OK


def test_a_healthy_index_has_no_other_finding_than_ok() -> None:
    findings = list(diagnose(MemoryProbes()))
    assert findings.pop() == Finding("upload", Level.UNCHECKED, "the index has no upload service")
    assert [each for each in findings if each.level is not Level.OK] == []
    assert [each.subject for each in findings] == [
        *("index", "clock", "description", "release"),
        *("bucket incoming", "bucket packages", "bucket verdicts", "bucket metadata"),
        *("bucket static", "can publish", "can operate"),
        *("topic file-uploaded", "topic project-command", "topic file-refused"),
        *("dead letters", "tokens", "service ingest"),
    ]
    assert choose_exit_code(findings) == ExitCode.OK


@pytest.mark.parametrize(
    ("changed", "subject", "level", "text"),
    [
        ({"date": NOW - timedelta(seconds=31)}, "clock", Level.WARNING, "31 s ahead of the index"),
        ({"date": NOW + timedelta(hours=1)}, "clock", Level.WARNING, "3600 s behind the index"),
        ({"date": NOW + timedelta(seconds=30)}, "clock", Level.OK, "less than 30 s"),
        ({"date": None}, "clock", Level.UNCHECKED, "no valid Date"),
        ({}, "index", Level.OK, "/simple/ answers"),
        ({"projects": None}, "index", Level.WARNING, "Otherwise an operator runs gcpypi rebuild"),
        (
            {"letters": {}},
            "dead letters",
            Level.UNCHECKED,
            "no value of a-dead-letter: look again in some minutes",
        ),
        (
            {"description": DESCRIPTION.model_copy(update={"topics": {}})},
            "topic project-command",
            Level.UNCHECKED,
            "the description does not name it: upgrade the index",
        ),
        (
            {"description": DESCRIPTION.model_copy(update={"buckets": {"incoming": "b"}})},
            "bucket static",
            Level.UNCHECKED,
            "the description does not name it",
        ),
        (
            {"service": ServiceState(is_ready=False, message="", tag="")},
            "service ingest",
            Level.ERROR,
            "is not ready: Cloud Run states no condition",
        ),
        (
            {"description": DESCRIPTION.model_copy(update={"version": "0.1.0"})},
            "release",
            Level.WARNING,
            "the index has gcpypi 0.1.0",
        ),
        ({"rights": ()}, "can publish", Level.UNCHECKED, "rights on a prefix show only when"),
        ({"rights": ()}, "can operate", Level.WARNING, "no right to read incoming, packages"),
        ({"rights": (GET, LIST)}, "bucket incoming", Level.OK, "no create on the whole bucket"),
        (
            {"resources": {"b-packages": MissingBucket("gs://b-packages")}},
            "bucket packages",
            Level.ERROR,
            "gs://b-packages does not exist: restore it",
        ),
        (
            {"resources": {"b-packages": PermissionDenied("b-packages", "403")}},
            "bucket packages",
            Level.UNCHECKED,
            "your account may not look: b-packages: 403. Ask an owner",
        ),
        (
            {"resources": {"file-uploaded": NotFound("file-uploaded")}},
            "topic file-uploaded",
            Level.ERROR,
            "file-uploaded does not exist: run deploy/install",
        ),
        ({"rights": ()}, "topic file-uploaded", Level.OK, "you cannot publish"),
        (
            {"subscriptions": {"a-dead-letter": "a"}},
            "topic file-uploaded",
            Level.ERROR,
            "file-uploaded has no subscription",
        ),
        (
            {"subscriptions": {}},
            "topic file-uploaded",
            Level.ERROR,
            "file-uploaded has no subscription",
        ),
        ({"subscriptions": {}}, "dead letters", Level.WARNING, "no subscription is named"),
        (
            {"subscriptions": PermissionDenied("subscriptions", "403")},
            "topic file-uploaded",
            Level.OK,
            "you can publish",
        ),
        (
            {"description": DESCRIPTION.model_copy(update={"buckets": {"incoming": "b"}})},
            "can operate",
            Level.UNCHECKED,
            "does not name the buckets packages, verdicts, metadata",
        ),
        (
            {"letters": {"a-dead-letter": 3}},
            "dead letters",
            Level.WARNING,
            "3 in a-dead-letter: correct the cause, then run gcpypi replay",
        ),
        (
            {"letters": PermissionDenied("metrics", "403")},
            "dead letters",
            Level.UNCHECKED,
            "your account may not look",
        ),
        ({"tokens": 0}, "tokens", Level.WARNING, "none is live: gcpypi token create NAME"),
        (
            {"tokens": CommandFailure("no rights on the secret")},
            "tokens",
            Level.ERROR,
            "no rights on the secret",
        ),
        ({"is_local": True}, "services", Level.UNCHECKED, "a local index has no Cloud Run"),
        ({"service": NotFound("x")}, "service ingest", Level.ERROR, "gcpypi-ingest does not exist"),
        (
            {"service": ServiceState(is_ready=False, message="image not found", tag="")},
            "service ingest",
            Level.ERROR,
            "gcpypi-ingest is not ready: image not found",
        ),
        (
            {"service": ServiceState(is_ready=True, message="", tag="0.1.0-0123456789ab")},
            "service ingest",
            Level.WARNING,
            "gcpypi-ingest has the image 0.1.0-0123456789ab",
        ),
    ],
)
def test_each_check_has_a_finding_with_its_remedy(
    changed: dict[str, object], subject: str, level: Level, text: str
) -> None:
    found = find(MemoryProbes(**changed), subject)  # type: ignore[arg-type] # fields by name
    assert (found.level, text in found.text) == (level, True), found


@pytest.mark.parametrize(
    ("status", "level", "text"),
    [
        (200, Level.OK, "https://upload.example.com/legacy/ is ready"),
        (503, Level.WARNING, "has no publishing tokens: as an owner, create one"),
        (404, Level.ERROR, "answers 404: check UPLOAD_URL and upload_domain"),
        (CommandFailure("it does not answer"), Level.ERROR, "it does not answer"),
    ],
)
def test_the_upload_service_has_a_finding(status: int | Exception, level: Level, text: str) -> None:
    probes = MemoryProbes(description=UPLOAD, status=status)
    found = find(probes, "upload")
    assert (found.level, text in found.text) == (level, True), found
    assert probes.requested == ["https://upload.example.com/ready"]


@pytest.mark.parametrize(
    ("setting", "level", "text"),
    [
        ('{"acme": {"projects": ["a"], "upload": true}, "b": ["b"]}', Level.OK, ": acme"),
        ('{"acme": ["a"]}', Level.WARNING, "none may use the upload service: set upload = true"),
        ("{}", Level.WARNING, "none may use the upload service"),
        ("[]", Level.ERROR, "UPLOADERS of the upload service is not readable"),
        (None, Level.OK, "every uploader"),
    ],
)
def test_the_uploaders_of_the_upload_service_have_a_finding(
    setting: str | None, level: Level, text: str
) -> None:
    environment = {} if setting is None else {"UPLOADERS": setting}
    state = ServiceState(is_ready=True, message="", tag=READY.tag, environment=environment)
    found = find(MemoryProbes(description=UPLOAD, service=state), "uploaders")
    assert (found.level, text in found.text) == (level, True), found


def test_without_credentials_of_google_parts_are_not_checked() -> None:
    error = Unavailable("Cloud Storage", "Your default credentials were not found")
    found = find(MemoryProbes(resources={"b-static": error}), "bucket static")
    assert found.level is Level.UNCHECKED
    assert "Run gcloud auth application-default login" in found.text


def test_without_a_description_nothing_else_is_checked() -> None:
    failure = CommandFailure("no description", ExitCode.UNAVAILABLE)
    findings = list(diagnose(MemoryProbes(description=failure)))
    assert [(each.subject, each.level) for each in findings[2:]] == [
        ("description", Level.ERROR),
        ("parts", Level.UNCHECKED),
    ]
    assert choose_exit_code(findings) == ExitCode.REFUSED


def test_a_further_check_is_the_last_one() -> None:
    finding = Finding("round trip", Level.OK, "yanked it")
    assert list(diagnose(MemoryProbes(), [lambda _: [finding]]))[-1] is finding


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ((Level.OK, Level.WARNING, Level.UNCHECKED), ExitCode.OK),
        ((Level.OK, Level.ERROR), ExitCode.REFUSED),
        ((Level.ERROR, Level.UNCHECKED), ExitCode.UNAVAILABLE),
    ],
)
def test_the_exit_code_is_the_severity(levels: Sequence[Level], code: ExitCode) -> None:
    assert choose_exit_code([Finding("x", level, "") for level in levels]) == code


def test_json_is_one_value(capsys: pytest.CaptureFixture[str]) -> None:
    report([Finding("index", Level.OK, "answers")], as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"subject": "index", "result": "ok", "text": "answers"}
    ]


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with run_source() as running:
        yield running


WELL_KNOWN = "/.well-known/gcpypi.json"


def find_index(url: str, description: Path) -> tuple[str, str]:
    """Return level and text of the finding about the index itself."""
    settings = {"GCPYPI_INDEX_URL": url, "GCPYPI_DESCRIPTION": str(description)}
    nowhere = "/nonexistent/credentials.json"
    done = run_command("doctor", "--json", GOOGLE_APPLICATION_CREDENTIALS=nowhere, **settings)
    [found] = [each for each in json.loads(done.stdout) if each["subject"] == "index"]
    return found["result"], found["text"]


@pytest.fixture
def described(tmp_path: Path) -> Path:
    path = tmp_path / "description.json"
    path.write_text(DESCRIPTION.model_dump_json(), "utf-8")
    return path


def test_a_list_of_projects_is_ok(server: SourceServer, described: Path) -> None:
    server.files = {"acme-1.0-py3-none-any.whl": b"wheel"}
    level, text = find_index(server.url, described)
    assert (level, "answers" in text) == ("ok", True)


def test_another_address_is_an_error_although_the_description_is_a_file(
    server: SourceServer, described: Path
) -> None:
    level, text = find_index(server.url.replace("simple", "packages/simple"), described)
    assert (level, "404 Not Found: check GCPYPI_INDEX_URL" in text) == ("error", True)


def test_an_index_without_a_list_is_a_warning(server: SourceServer, described: Path) -> None:
    server.documents[WELL_KNOWN] = DESCRIPTION.model_dump(mode="json")
    server.absent = {"/simple/"}
    level, text = find_index(server.url, described)
    assert (level, "has no list of projects" in text) == ("warning", True)


@pytest.mark.parametrize("kind", ["html", "json", "invalid"])
def test_another_answer_than_a_list_of_projects_is_an_error(
    server: SourceServer, described: Path, kind: str
) -> None:
    """A page for signing in answers 200 too."""
    server.html = kind == "html"
    if kind == "json":
        server.documents["/simple/"] = {"message": "welcome"}
    if kind == "invalid":
        server.documents["/simple/"] = {"meta": {"api-version": "1.0"}, "projects": [{}]}
        server.kinds["/simple/"] = "application/vnd.pypi.simple.v1+json"

    level, text = find_index(server.url, described)

    assert (level, "and not with a list of projects: check" in text) == ("error", True)


def test_an_index_that_does_not_answer_is_unavailable() -> None:
    done = run_command("doctor", GCPYPI_INDEX_URL="http://127.0.0.1:1/simple/")
    assert done.code == 4
    assert "does not answer" in done.stdout


def test_without_an_index_and_credentials_no_part_is_called_ok(tmp_path: Path) -> None:
    path = tmp_path / "description.json"
    path.write_text(DESCRIPTION.model_dump_json(), "utf-8")

    done = run_command(
        "doctor",
        "--json",
        GCPYPI_INDEX_URL="http://127.0.0.1:1/simple/",
        GCPYPI_DESCRIPTION=str(path),
        GCPYPI_TOKENS_SECRET="gcpypi-tokens",
        GOOGLE_APPLICATION_CREDENTIALS="/nonexistent/credentials.json",
    )

    findings = {each["subject"]: each for each in json.loads(done.stdout)}
    assert findings.pop("index")["result"] == "error"
    assert "has no upload service" in findings.pop("upload")["text"]
    assert {findings.pop(subject)["result"] for subject in ("description", "release")} == {"ok"}
    assert {each["result"] for each in findings.values()} == {"not checked"}
    assert all("gcloud auth application-default" in each["text"] for each in findings.values())


def test_the_wheel_of_the_round_trip_is_accepted_by_the_checks() -> None:
    data = build_wheel("1.0")
    verified = verify(name_wheel("1.0"), [data], Policy(strict=True), len(data))
    assert (verified.project, verified.version) == ("gcpypi-doctor", "1.0")
    assert zipfile.ZipFile(BytesIO(data)).testzip() is None


def test_each_error_of_google_cloud_is_a_finding() -> None:
    errors: list[CloudError] = [Unavailable("x", "down"), NotFound("x")]
    for error in errors:
        assert find(MemoryProbes(letters=error), "dead letters").level is Level.ERROR
