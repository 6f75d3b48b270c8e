import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from cloud.ports import Headers
from publisher.main import Clients, build_app
from publisher.settings import Settings
from schemas import layout
from schemas.catalog import CatalogEntry
from schemas.events import ProjectIndexed, ProjectPublished
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.fakes.examples import make_file_record
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic


class MemoryPublisher:
    """Publisher service with buckets and topics in memory."""

    def __init__(self) -> None:
        self.static, self.metadata = MemoryBucket("static"), MemoryBucket("metadata")
        self.published = MemoryTopic()
        self.settings = Settings(
            gcp_project="acme-prod",
            metadata_bucket="metadata",
            static_bucket="static",
            catalog_interval=0,
        )

    @contextmanager
    def run_client(self) -> Iterator[TestClient]:
        app = build_app(self.settings, Clients(self.static, self.metadata, self.published))
        with TestClient(app) as client:
            yield client

    def index(self, record: ProjectRecord) -> None:
        headers = Headers(
            "application/json", "no-cache", CatalogEntry.from_record(record).to_metadata()
        )
        self.metadata.put(layout.locate_record(record.project), record.encode(), headers)


ACME = ProjectName("acme")
RECORD = ProjectRecord(
    project=ACME, revision=7, files={make_file_record().filename: make_file_record()}
)


def make_push_body(data: bytes) -> str:
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "42",
        "publishTime": "2026-11-24T05:30:54.937Z",
    }
    return json.dumps({"message": message, "subscription": "s", "deliveryAttempt": 1})


def make_push(revision: int = 7, *, force: bool = False) -> str:
    return make_push_body(
        ProjectIndexed(project=ACME, record_revision=revision, force=force).encode()
    )


def test_a_push_is_answered_when_the_pages_are_there_and_announced() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push()).status_code == 204
    assert [info.name for info in publisher.static.list()] == [
        "pypi/acme/json",
        "simple/acme/index.html",
        "simple/acme/index.v1.json",
    ]
    assert publisher.published.messages == (
        ProjectPublished(project=ACME, record_revision=7, filenames=(make_file_record().filename,)),
    )


def test_a_duplicate_is_announced_again() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        for _ in range(2):
            assert client.post("/push/publisher-project", content=make_push()).status_code == 204
    assert len(publisher.published.messages) == 2


def test_a_catalog_push_is_answered_when_the_catalog_lists_the_project() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        assert client.post("/push/publisher-catalog", content=make_push()).status_code == 204
    root = publisher.static.read(layout.ROOT_JSON)
    assert root is not None
    assert json.loads(root.data)["projects"] == [{"name": "acme"}]


@pytest.mark.parametrize("subscription", ["publisher-project", "publisher-catalog"])
def test_an_unreadable_message_is_not_acknowledged(
    subscription: str, caplog: pytest.LogCaptureFixture
) -> None:
    with MemoryPublisher().run_client() as client, caplog.at_level(logging.ERROR):
        answer = client.post(f"/push/{subscription}", content=make_push_body(b"{}"))
    assert answer.status_code == 500
    assert "UnreadableMessage" in caplog.text


def test_a_message_about_a_record_that_is_not_there_is_not_acknowledged() -> None:
    publisher = MemoryPublisher()
    with publisher.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push()).status_code == 500
    assert publisher.published.messages == ()


def test_a_message_ahead_of_its_record_is_not_acknowledged_but_the_record_is_published() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push(8)).status_code == 500
    assert publisher.static.stat(layout.locate_project_html(ACME)) is not None


def test_it_is_ready_when_its_buckets_answer_and_not_before() -> None:
    publisher = MemoryPublisher()
    with publisher.run_client() as client:
        assert client.get("/ready").status_code == 200
        publisher.settings = publisher.settings.model_copy(update={"static_bucket": "gone"})
    publisher.static.storage.buckets.clear()
    with publisher.run_client() as client:
        assert client.get("/ready").status_code == 503
