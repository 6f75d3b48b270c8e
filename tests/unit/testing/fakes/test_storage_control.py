"""Faults, hooks, counts and notifications, from this process and from another."""

import subprocess
import sys
from collections.abc import Mapping

import pytest
import requests

from testing.processes import Process
from testing.storage import FakeStorage, Fault, Faults, Resource, StorageError, fault_error


@pytest.fixture
def stored(storage: FakeStorage) -> FakeStorage:
    storage.insert("b", "a", b"0123456789")
    return storage


def media_url(storage: FakeStorage) -> str:
    return f"{storage.origin}/storage/v1/b/b/o/a?alt=media"


def test_a_rule_strikes_what_it_matches_as_often_as_it_says() -> None:
    faults = Faults()
    fault = faults.add(Fault(operation="objects.*", bucket="b", name="p/*", times=2))
    assert faults.pick("buckets.get", "b", "p/a") == []
    assert faults.pick("objects.get", "c", "p/a") == []
    assert faults.pick("objects.get", "b", "q/a") == []
    assert [faults.pick("objects.get", "b", "p/a/b") for _ in range(3)] == [[fault], [fault], []]


def test_the_dice_are_seeded() -> None:
    def draw() -> list[bool]:
        faults = Faults(seed=7)
        faults.add(Fault(times=None, probability=0.5))
        return [bool(faults.pick("objects.get", "b", "a")) for _ in range(100)]

    assert draw() == draw()
    assert 30 < sum(draw()) < 70


def test_an_error_is_answered_and_nothing_done(http: requests.Session, stored: FakeStorage) -> None:
    stored.faults.add(Fault(operation="objects.delete", status=503))
    url = f"{stored.origin}/storage/v1/b/b/o/a"
    assert http.delete(url).status_code == 503
    assert http.delete(url).status_code == 204


def test_what_is_done_before_the_answer_is_lost_stays_done(
    http: requests.Session, stored: FakeStorage
) -> None:
    stored.faults.add(Fault("reset", operation="objects.delete", when="after"))
    with pytest.raises(requests.ConnectionError):
        http.delete(f"{stored.origin}/storage/v1/b/b/o/a")
    assert stored.list("b").items == []


@pytest.mark.parametrize("kind", ["reset", "hang", "truncate"])
def test_a_connection_breaks(http: requests.Session, stored: FakeStorage, kind: str) -> None:
    stored.faults.add(Fault.from_json({"kind": kind, "seconds": 0.05, "after_bytes": 4}))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ = http.get(media_url(stored)).content
    assert http.get(media_url(stored)).content == b"0123456789"


def test_a_truncated_body_is_sent_up_to_there(http: requests.Session, stored: FakeStorage) -> None:
    stored.faults.add(Fault("truncate", after_bytes=4))
    with http.get(media_url(stored), stream=True) as answer:
        assert answer.headers["Content-Length"] == "10"
        assert answer.raw.read(4) == b"0123"


def test_latency_delays_and_answers(http: requests.Session, stored: FakeStorage) -> None:
    stored.faults.add(Fault("latency", seconds=0.1))
    assert http.get(media_url(stored)).elapsed.total_seconds() >= 0.1


def test_hooks_see_each_step_and_may_answer_for_it(
    http: requests.Session, stored: FakeStorage
) -> None:
    seen: list[tuple[str, ...]] = []

    def before(operation: str, bucket: str, name: str) -> None:
        seen.append(("before", operation, bucket, name))

    def after(operation: str, bucket: str, name: str) -> None:
        seen.append(("after", operation, bucket, name))
        raise fault_error(429)

    stored.before, stored.after = before, after
    assert http.get(media_url(stored)).status_code == 429
    assert seen == [(moment, "objects.download", "b", "a") for moment in ("before", "after")]


def test_requests_are_counted_and_billed_unless_refused(
    http: requests.Session, stored: FakeStorage
) -> None:
    origin = f"{stored.origin}/storage/v1/b/b/o"
    http.get(media_url(stored))
    http.get(f"{origin}/absent")
    http.get(origin)
    http.delete(f"{origin}/a")
    assert stored.counts.snapshot() == {
        "requests": {
            "objects.download": 1,
            "objects.get": 1,
            "objects.list": 1,
            "objects.delete": 1,
        },
        "answers": {
            "objects.download 200": 1,
            "objects.get 404": 1,
            "objects.list 200": 1,
            "objects.delete 204": 1,
        },
        "billed": {"B": 1, "A": 1, "free": 1},
    }


def test_new_objects_are_announced_with_what_cloud_storage_says_of_them() -> None:
    storage = FakeStorage()
    storage.create_bucket("b")
    heard: list[tuple[str, Resource, Mapping[str, str]]] = []
    storage.on_finalize["b"] = [lambda *event: heard.append(event)]
    first, second = storage.insert("b", "a", b"1"), storage.insert("b", "a", b"2")
    storage.patch("b", "a", {"contentType": "x/y"})
    storage.delete("b", "a")
    about = {
        "notificationConfig": "projects/_/buckets/b/notificationConfigs/1",
        "eventType": "OBJECT_FINALIZE",
        "payloadFormat": "JSON_API_V1",
        "bucketId": "b",
        "objectId": "a",
    }
    expected = [
        about
        | {"objectGeneration": str(v.generation), "eventTime": f"{v.created:%Y-%m-%dT%H:%M:%S.%f}Z"}
        for v in (first, second)
    ]
    expected[1]["overwroteGeneration"] = str(first.generation)
    assert [attributes for _, _, attributes in heard] == expected
    assert [resource for _, resource, _ in heard] == [
        version.resource(storage.origin) for version in (first, second)
    ]


def test_a_refused_write_is_not_announced() -> None:
    storage = FakeStorage(write_interval=3600)
    storage.create_bucket("b")
    heard: list[Resource] = []
    storage.on_finalize["b"] = [lambda bucket, resource, attributes: heard.append(resource)]
    storage.insert("b", "a", b"1")
    with pytest.raises(StorageError):
        storage.insert("b", "a", b"2")
    assert len(heard) == 1


def test_another_process_serves_it_and_this_one_drives_it() -> None:
    command = [sys.executable, "-m", "testing.storage", "--bucket", "b", "--versioned", "v"]
    with (
        Process(command, stdout=subprocess.PIPE) as process,
        requests.Session() as http,
    ):
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[-1]
        drive(http, url)


def drive(http: requests.Session, url: str) -> None:
    control = f"{url}/_fake"
    assert http.get(f"{control}/health").status_code == 204
    assert http.get(f"{url}/storage/v1/b/v").json()["versioning"] == {"enabled": True}
    settings = {"write_interval": 60, "now": "2026-11-01T00:00:00Z", "rewrite_step": 5}
    assert http.post(f"{control}/settings", json=settings).status_code == 204
    upload = f"{url}/upload/storage/v1/b/b/o?uploadType=media&name=a"
    assert http.post(upload, data=b"1").json()["timeCreated"] == "2026-11-01T00:00:00.000Z"
    assert http.post(upload, data=b"2").status_code == 429
    assert http.get(f"{control}/counts").json()["answers"] == {
        "buckets.get 200": 1,
        "objects.insert 200": 1,
        "objects.insert 429": 1,
    }
    fault = {"kind": "error", "status": 403, "operation": "objects.list", "times": None}
    assert http.post(f"{control}/faults", json=fault).status_code == 204
    assert http.get(f"{control}/faults").json()[0].items() >= fault.items()
    assert http.get(f"{url}/storage/v1/b/b/o").status_code == 403
    assert http.delete(f"{control}/faults").status_code == 204
    assert http.get(f"{url}/storage/v1/b/b/o").status_code == 200
    assert http.post(f"{control}/faults", json={"kind": "flood"}).status_code == 400
    assert http.post(f"{control}/settings", json={"colour": 1}).status_code == 400
    assert http.delete(f"{control}/counts").status_code == 204
    assert http.post(f"{control}/reset").status_code == 204
    assert http.get(f"{url}/storage/v1/b/b/o").status_code == 404
