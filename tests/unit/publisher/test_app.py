import base64
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from cloud.ports import Headers
from publisher.main import Clients, build_app
from publisher.settings import Settings
from schemas import layout, web_layout
from schemas.catalog import CatalogEntry
from schemas.events import ProjectIndexed, ProjectPublished
from schemas.names import ProjectName
from schemas.records import ProjectRecord
from testing.fakes.examples import make_file_record
from testing.fakes.memory_ports import MemoryBucket, MemoryTopic
from testing.storage import Fault


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

    def read(self, name: str) -> bytes:
        """Return the bytes of a page."""
        stored = self.static.read(name)
        assert stored is not None
        return stored.data

    def edit(self, name: str, data: bytes) -> None:
        """Change the bytes of a page, but not its custom metadata."""
        info = self.static.stat(name)
        assert info is not None
        self.static.put(name, data, Headers(info.content_type, "", info.metadata))


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
    publisher.static.before = lambda operation, bucket, name: time.sleep(0.1)
    with publisher.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push()).status_code == 204
        publisher.static.before = None
        assert [info.name for info in publisher.static.list()] == [
            "simple/acme/index.html",
            "simple/acme/index.v1.json",
        ]
        assert publisher.published.messages == (
            ProjectPublished(
                project=ACME, record_revision=7, filenames=(make_file_record().filename,)
            ),
        )


def test_a_duplicate_is_announced_again() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        for _ in range(2):
            assert client.post("/push/publisher-project", content=make_push()).status_code == 204
    assert len(publisher.published.messages) == 2


def test_a_publication_that_failed_is_not_announced() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    publisher.static.fault(Fault("error", operation="objects.insert", status=403))
    with publisher.run_client() as client:
        assert client.post("/push/publisher-project", content=make_push()).status_code == 500
        assert publisher.published.messages == ()
        assert client.post("/push/publisher-project", content=make_push()).status_code == 204
    assert len(publisher.published.messages) == 1


def test_a_catalog_push_is_answered_when_the_catalog_lists_the_project() -> None:
    publisher = MemoryPublisher()
    publisher.index(RECORD)
    with publisher.run_client() as client:
        assert client.post("/push/publisher-catalog", content=make_push()).status_code == 204
    root = publisher.static.read(layout.ROOT_JSON)
    assert root is not None
    assert json.loads(root.data)["projects"] == [{"name": "acme"}]


def test_only_a_forced_catalog_push_repairs_an_edited_shard() -> None:
    publisher, shard = MemoryPublisher(), web_layout.locate_search_shard("ac")
    publisher.index(RECORD)
    found = list[bytes]()
    with publisher.run_client() as client:
        for force in (False, False, True, False):
            push = make_push(force=force)
            assert client.post("/push/publisher-catalog", content=push).status_code == 204
            found.append(publisher.read(shard))
            if len(found) == 1:
                publisher.edit(shard, b"edited")
    assert found == [found[0], b"edited", found[0], found[0]]
    assert json.loads(found[0])[0]["project"] == "acme"


def test_a_forced_run_that_fails_is_forced_again_by_the_redelivery() -> None:
    publisher, shard = MemoryPublisher(), web_layout.locate_search_shard("ac")
    publisher.index(RECORD)
    with publisher.run_client() as client:
        client.post("/push/publisher-catalog", content=make_push())
        publisher.edit(shard, b"edited")
        publisher.static.fault(Fault("error", operation="objects.insert", status=403))
        statuses = [
            client.post("/push/publisher-catalog", content=make_push(force=True)).status_code
            for _ in range(2)
        ]
    assert statuses == [500, 204]
    assert publisher.read(shard) != b"edited"


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
