"""Messages and documents of a newer ``schema_version``: each service asks Pub/Sub for redelivery.

No service refuses them, and none changes or hides what a newer release stored.
"""

import json

import pytest
from starlette.testclient import TestClient

import publisher.__main__
from cloud.ports import Headers
from indexer.app import FILE_ACCEPTED, PROJECT_COMMAND
from publisher.web.main import Clients as WebClients
from publisher.web.main import build_app as build_web_app
from publisher.web.settings import Settings as WebSettings
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import MESSAGES, FileAccepted
from schemas.names import ProjectName
from schemas.push import Message
from schemas.records import DOCUMENTS, ProjectRecord
from schemas.types import Document, NewerSchemaVersion
from schemas.verdict_documents import Verdict
from testing.fakes.examples import NOON, make_file_record
from testing.fakes.memory_ports import MemoryBucket
from testing.memory_proxy import WHEEL, MemoryProxy
from testing.services.pipeline import BUCKETS
from testing.storage import StorageServer
from unit.indexer.test_app import InMemoryIndexer
from unit.ingest.service import FILENAME, NAME, InMemoryIngest
from unit.publisher.test_app import RECORD, MemoryPublisher, make_push, make_push_body

NEWER = b'{"schema_version": 2}'
FILE = f"/packages/{WHEEL}"
RECORD_NAME = layout.locate_record(ProjectName("acme"))


@pytest.mark.parametrize("kind", [*MESSAGES, *DOCUMENTS], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("data", [NEWER, b'{"name": 7, "files": [], "schema_version": 3}'])
def test_a_newer_document_has_an_error_of_its_own(kind: type[Document], data: bytes) -> None:
    """The error is no ``ValueError``, so no reader of invalid documents catches it."""
    read = kind.decode if issubclass(kind, Message) else kind.model_validate_json
    with pytest.raises(NewerSchemaVersion, match=f"^{kind.__name__} of schema_version [23], but"):
        read(data)
    assert not issubclass(NewerSchemaVersion, ValueError)


def test_a_newer_upload_message_is_delivered_again_and_not_answered() -> None:
    service = InMemoryIngest()
    service.upload()
    assert service.announce(schema_version=2) == 500
    assert (list(service.verdicts.list()), service.refused.messages) == ([], ())
    assert service.announce() == 204


def test_a_newer_command_is_delivered_again_and_not_answered() -> None:
    service = InMemoryIndexer()
    assert service.push(PROJECT_COMMAND, NEWER) == 500
    assert (list(service.verdicts.list()), service.refused.messages) == ([], ())


def test_a_newer_record_is_not_changed() -> None:
    service = InMemoryIndexer()
    service.metadata.put(RECORD_NAME, NEWER)
    assert service.push(FILE_ACCEPTED, FileAccepted(file=make_file_record()).encode()) == 500
    assert service.push_command(action="yank", version="1.0") == 500
    stored = service.metadata.read(RECORD_NAME)
    assert stored is not None
    assert (stored.data, service.indexed.messages) == (NEWER, ())


def test_a_newer_answer_to_a_command_is_not_repeated() -> None:
    service = InMemoryIndexer()
    service.verdicts.put(layout.locate_command_verdict("42"), NEWER)
    assert service.push_command(action="yank", version="1.0") == 500
    assert service.refused.messages == ()


@pytest.mark.parametrize("data", [NEWER, b'{"files":{"acme-0.9.tar.gz":{}},"schema_version":2}'])
def test_ingest_decides_nothing_from_a_newer_record(data: bytes) -> None:
    service = InMemoryIngest()
    service.upload()
    metadata = CatalogEntry.from_record(RECORD).to_metadata()
    service.metadata.put(RECORD_NAME, data, Headers("application/json", "no-store", metadata))
    assert service.announce() == 500
    assert (service.read_package(FILENAME), list(service.verdicts.list())) == (None, [])


def test_ingest_decides_nothing_from_a_newer_verdict() -> None:
    service = InMemoryIngest()
    generation = service.upload()
    service.verdicts.put(layout.locate_verdict(NAME, generation), NEWER)
    assert service.announce() == 500
    assert service.read_package(FILENAME) is None


def test_a_refusal_with_a_reason_of_a_newer_release_is_final() -> None:
    service = InMemoryIngest()
    generation = service.upload()
    verdict = Verdict(
        outcome="refused",
        bucket="incoming",
        name=NAME,
        generation=generation,
        time=NOON,
        reason="licence-missing",
        detail="a rule of the next release",
    )
    service.verdicts.put(layout.locate_verdict(NAME, generation), verdict.encode())
    assert service.announce() == 204
    (announced,) = service.refused.messages
    assert announced.model_dump().items() >= {
        ("reason", "licence-missing"),
        ("detail", "a rule of the next release"),
    }
    assert service.read_package(FILENAME) is None


@pytest.mark.parametrize("subscription", ["publisher-project", "publisher-catalog"])
def test_the_publisher_asks_for_a_newer_message_again(subscription: str) -> None:
    with MemoryPublisher().run_client() as client:
        body = make_push_body(NEWER)
        assert client.post(f"/push/{subscription}", content=body).status_code == 500


def test_the_publisher_renders_no_newer_record() -> None:
    service = MemoryPublisher()
    service.metadata.put(RECORD_NAME, NEWER)
    with service.run_client() as client:
        for subscription in ("publisher-project", "publisher-catalog"):
            answer = client.post(f"/push/{subscription}", content=make_push())
            assert answer.status_code == 500
    assert list(service.static.list()) == []


@pytest.mark.parametrize(("record", "body"), [(RECORD.encode(), NEWER), (NEWER, None)])
def test_web_asks_for_a_newer_message_or_record_again(record: bytes, body: bytes | None) -> None:
    metadata, static, packages = map(MemoryBucket, ("metadata", "static", "packages"))
    metadata.put(RECORD_NAME, record)
    pushed = make_push() if body is None else make_push_body(body)
    clients = WebClients(static=static, metadata=metadata, packages=packages)
    with TestClient(
        build_web_app(make_web_settings(), clients), raise_server_exceptions=False
    ) as client:
        assert client.post("/push/web-project", content=pushed).status_code == 500
    assert list(static.list()) == []


def make_web_settings() -> WebSettings:
    buckets = {f"{name}_bucket": name for name in ("metadata", "static", "packages")}
    return WebSettings.model_validate({"gcp_project": "acme-packages", **buckets})


def test_the_publisher_does_not_replace_a_newer_list_of_blocked_files() -> None:
    service = MemoryPublisher()
    removed = {"files": {FILENAME: {"issued_at": NOON, "command_id": "c", "value": True}}}
    service.index(ProjectRecord.model_validate({**RECORD.model_dump(), "removed": removed}))
    service.static.put(layout.BLOCKED, NEWER)
    with service.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push()).status_code == 500
    assert [info.name for info in service.static.list()] == [layout.BLOCKED]


async def test_the_proxy_keeps_the_last_good_list_of_blocked_files() -> None:
    proxy = MemoryProxy()
    proxy.block(alpha_pkg={"filenames": [WHEEL]})
    assert (await proxy.ask(FILE)).status == 404
    proxy.static.put(layout.BLOCKED, NEWER)
    proxy.clock.now += 5
    assert (await proxy.ask(FILE)).status == 404


async def test_a_proxy_that_only_finds_a_newer_list_of_blocked_files_serves_none() -> None:
    proxy = MemoryProxy()
    proxy.static.put(layout.BLOCKED, NEWER)
    assert (await proxy.ask(FILE)).status == 503


def test_verify_of_a_newer_record_is_not_possible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another answer than ``unreadable-record``, whose remedy is to restore an older version."""
    with StorageServer() as server:
        monkeypatch.setenv("GCP_PROJECT", "gcpypi-test")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        for bucket in BUCKETS:
            server.storage.create_bucket(bucket)
            monkeypatch.setenv(f"{bucket.upper()}_BUCKET", bucket)
        server.storage.insert("metadata", RECORD_NAME, NEWER)
        assert publisher.__main__.main(["verify", "--patience", "0", "acme"]) == 2
    words = capsys.readouterr()
    assert words.out == ""
    assert words.err.startswith("verify: ProjectRecord of schema_version 2, but this release reads")


def test_a_field_called_schema_version_of_another_object_is_no_version() -> None:
    file = {**json.loads(make_file_record().model_dump_json()), "schema_version": 2}
    record = ProjectRecord(project=ProjectName("acme"), revision=1).model_dump(mode="json")
    record["files"] = {file["filename"]: file}
    assert ProjectRecord.model_validate_json(json.dumps(record)).files
