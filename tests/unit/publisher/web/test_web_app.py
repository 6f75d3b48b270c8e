"""The service web: pushes, readiness and settings."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from chassis.settings import load_settings
from publisher.web.app import Web
from publisher.web.main import Clients, build_app
from publisher.web.settings import Settings
from schemas import web_layout
from schemas.events import ProjectIndexed
from schemas.names import ProjectName
from schemas.push import PushEnvelope
from testing.fakes.examples import make_time
from testing.fakes.memory_ports import MemoryBucket
from testing.storage import Fault
from unit.publisher.publisher_fixtures import ACME, Store, make_record
from unit.publisher.test_app import make_push_body
from unit.publisher.web.web_fixtures import WebInstance, put_metadata

PATH = "/push/web-project"


class MemoryWeb:
    """Service web with buckets in memory."""

    def __init__(self) -> None:
        self.store = Store()
        self.store.storage.create_bucket("packages")
        self.settings = Settings(
            gcp_project="acme-prod",
            metadata_bucket="metadata",
            static_bucket="static",
            packages_bucket="packages",
        )

    @contextmanager
    def run_client(self) -> Iterator[TestClient]:
        storage = self.store.storage
        clients = Clients(
            static=MemoryBucket("static", storage=storage),
            metadata=MemoryBucket("metadata", storage=storage),
            packages=MemoryBucket("packages", storage=storage),
        )
        with TestClient(build_app(self.settings, clients)) as client:
            yield client


def make_push(revision: int = 1, project: ProjectName = ACME, *, force: bool = False) -> str:
    message = ProjectIndexed(project=project, record_revision=revision, force=force)
    return make_push_body(message.encode())


def make_envelope(*, force: bool, seconds: int = 0) -> PushEnvelope:
    """Make the push of a message that was published some seconds after noon."""
    data = ProjectIndexed(project=ACME, record_revision=1, force=force).encode()
    fields = {"data": base64.b64encode(data), "message_id": "1", "publish_time": make_time(seconds)}
    return PushEnvelope.model_validate({"message": fields, "subscription": "web-project"})


@pytest.fixture
def web() -> MemoryWeb:
    service = MemoryWeb()
    record = make_record("acme-1.0-py3-none-any.whl")
    put_metadata(service.store, record)
    service.store.index(record)
    return service


def test_a_push_is_answered_when_the_pages_are_there(web: MemoryWeb) -> None:
    with web.run_client() as client:
        assert client.post(PATH, content=make_push()).status_code == 204
    assert b"About 1.0" in web.store.read("projects/acme/1.0/index.html")
    assert b"About 1.0" in web.store.read("pypi/acme/json")


def test_an_unreadable_message_is_not_acknowledged(web: MemoryWeb) -> None:
    with web.run_client() as client:
        assert client.post(PATH, content=make_push_body(b"{}")).status_code == 500
    assert web.store.read_pages() == {}


def test_a_push_is_repeated_later_if_cloud_storage_does_not_answer(web: MemoryWeb) -> None:
    web.store.storage.faults.add(Fault(operation="objects.insert", status=503))
    with web.run_client() as client:
        answer = client.post(PATH, content=make_push())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert client.post(PATH, content=make_push()).status_code == 204


def test_a_message_about_a_record_that_is_not_there_is_not_acknowledged(web: MemoryWeb) -> None:
    with web.run_client() as client:
        push = make_push(project=ProjectName("absent"))
        assert client.post(PATH, content=push).status_code == 500


def test_a_message_ahead_of_its_record_is_not_acknowledged_but_the_pages_are_written(
    web: MemoryWeb,
) -> None:
    with web.run_client() as client:
        assert client.post(PATH, content=make_push(2)).status_code == 500
    assert "projects/acme/index.html" in web.store.read_pages()


def test_force_writes_current_pages_again(web: MemoryWeb) -> None:
    with web.run_client() as client:
        client.post(PATH, content=make_push())
        for force, written in ((False, 0), (True, 7)):
            web.store.storage.counts.clear()
            assert client.post(PATH, content=make_push(force=force)).status_code == 204
            assert web.store.storage.counts.requests["objects.insert"] == written


def test_the_redelivery_of_a_forced_message_writes_no_page_again(web: MemoryWeb) -> None:
    with web.run_client() as client:
        client.post(PATH, content=make_push(force=True))
        web.store.storage.counts.clear()
        assert client.post(PATH, content=make_push(force=True)).status_code == 204
        assert web.store.storage.counts.requests["objects.insert"] == 0


async def test_a_publication_for_two_forced_messages_is_that_of_the_later_one(
    web: MemoryWeb,
) -> None:
    """The messages arrive during the publication for another one."""
    service, static = Web(WebInstance(web.store).pages), web.store.static
    pushes = [make_envelope(force=False), *(make_envelope(force=True, seconds=n) for n in (1, 2))]
    await asyncio.gather(*map(service.publish_project, pushes))
    page = static.stat(web_layout.locate_web_page(ACME))
    assert page is not None
    assert web_layout.read_forced_at(page.metadata) == make_time(2)


def test_it_is_ready_when_its_three_buckets_answer_and_not_before(web: MemoryWeb) -> None:
    with web.run_client() as client:
        assert client.get("/ready").status_code == 200
        del web.store.storage.buckets["packages"]
        assert client.get("/ready").status_code == 503


@pytest.mark.parametrize("url", ["packages.example.com/simple/", "https://x.example/pypi/"])
def test_a_wrong_url_of_the_index_is_named(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GCP_PROJECT", "METADATA_BUCKET", "STATIC_BUCKET", "PACKAGES_BUCKET"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("INDEX_URL", url)
    with pytest.raises(SystemExit):
        load_settings(Settings)
    assert "publisher.web.settings: setting INDEX_URL: Value error, should be the URL" in (
        capsys.readouterr().err
    )
