"""Reads by the JSON and the XML API, partial responses, the bodies of errors."""

import socket
from hashlib import md5
from urllib.parse import urlsplit

import pytest
import requests

from local.stand_ins.storage.contents import PIECE
from testing.storage import Attributes, FakeStorage


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_ranges(
    http: requests.Session,
    storage: FakeStorage,
    objects: str,
    asked: str,
    status: int,
    body: bytes,
    content_range: str | None,
) -> None:
    storage.insert("b", "a", b"0123456789")
    for url in (f"{objects}/a?alt=media", f"{storage.origin}/b/a"):
        answer = http.get(url, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (status, body)
        assert answer.headers.get("Content-Range") == content_range


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_a_range_of_nothing_is_refused(
    http: requests.Session, storage: FakeStorage, objects: str, asked: str
) -> None:
    storage.insert("b", "a", b"0123456789")
    assert http.get(f"{objects}/a?alt=media", headers={"Range": asked}).status_code == 416


def test_a_read_by_the_xml_api_tells_all_in_headers(
    http: requests.Session, storage: FakeStorage
) -> None:
    attributes = Attributes("x/y", "no-store", metadata={"sha256": "00", "by": "Zoë"})
    version = storage.insert("b", "a/b c", b"123", attributes)
    url = f"{storage.origin}/b/a/b%20c"
    for answer in (http.get(url), http.head(url)):
        told = {name: answer.headers[name] for name in answer.headers if name != "last-modified"}
        assert told == {
            "content-type": "x/y",
            "content-length": "3",
            "cache-control": "no-store",
            "etag": f'"{md5(b"123", usedforsecurity=False).hexdigest()}"',
            "accept-ranges": "bytes",
            "x-goog-generation": str(version.generation),
            "x-goog-metageneration": "1",
            "x-goog-hash": f"crc32c={version.hashes.crc32c},md5={version.hashes.md5}",
            "x-goog-storage-class": "STANDARD",
            "x-goog-stored-content-encoding": "identity",
            "x-goog-stored-content-length": "3",
            "x-goog-meta-sha256": "00",
            "x-goog-meta-by": "Zo%C3%AB",
        }
    assert storage.counts.requests == {"xml.get": 1, "xml.head": 1}


def test_etags_make_reads_conditional(
    http: requests.Session, storage: FakeStorage, objects: str
) -> None:
    storage.insert("b", "a", b"123")
    for url in (f"{objects}/a?alt=media", f"{storage.origin}/b/a"):
        etag = http.get(url).headers["ETag"]
        assert http.get(url, headers={"If-None-Match": etag}).status_code == 304
        assert http.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
        assert http.get(url, headers={"If-Match": etag}).status_code == 200
        assert http.get(url, headers={"If-Match": '"other"'}).status_code == 412


def test_fields_select_what_is_answered(
    http: requests.Session, storage: FakeStorage, objects: str
) -> None:
    first = storage.insert("b", "a", b"", Attributes("x/y", metadata={"k": "v"}))
    second = storage.insert("b", "b", b"")
    asked = "items(name,generation,metadata),nextPageToken"
    page = http.get(objects, params={"fields": asked, "maxResults": "1"}).json()
    item = {"name": "a", "generation": str(first.generation), "metadata": {"k": "v"}}
    assert page == {"items": [item], "nextPageToken": page["nextPageToken"]}
    token = page["nextPageToken"]
    page = http.get(objects, params={"fields": "items/generation", "pageToken": token}).json()
    assert page == {"items": [{"generation": str(second.generation)}]}
    listed = "items/name,items/metadata/k,items/metadata,nextPageToken"
    page = http.get(objects, params={"fields": listed, "prefix": "a"}).json()
    assert page == {"items": [{"name": "a", "metadata": {"k": "v"}}]}
    without = http.get(objects, params={"fields": "items(name)", "maxResults": "1"}).json()
    assert "nextPageToken" not in without  # and a client that leaves it out sees one page


@pytest.mark.parametrize("fields", ["items(name", "items)", "", "a,,b", "(a)"])
def test_fields_that_cannot_be_read_are_refused(
    http: requests.Session, objects: str, fields: str
) -> None:
    assert http.get(objects, params={"fields": fields}).status_code == 400


def test_an_absent_object_is_told_as_google_does(
    http: requests.Session, storage: FakeStorage, objects: str
) -> None:
    message = "No such object: b/a"
    detail = {"message": message, "domain": "global", "reason": "notFound"}
    answer = http.get(f"{objects}/a")
    assert answer.status_code == 404
    assert answer.json() == {"error": {"code": 404, "message": message, "errors": [detail]}}
    assert http.get(f"{objects}/a?alt=media").text == message
    assert "<Code>NoSuchKey</Code>" in http.get(f"{storage.origin}/b/a").text


def test_what_is_not_served_is_refused_and_not_ignored(
    http: requests.Session, objects: str, storage: FakeStorage
) -> None:
    assert http.get(objects, params={"matchGlob": "*"}).status_code == 400
    assert http.post(f"{objects}/a/compose", json={}).status_code == 400
    assert http.put(f"{storage.origin}/b/a", data=b"").status_code == 400


def test_a_bare_slash_does_not_name_an_object_of_the_json_api(
    http: requests.Session, objects: str, storage: FakeStorage
) -> None:
    storage.insert("b", "a/b", b"")
    assert http.get(f"{objects}/a%2Fb").status_code == 200
    assert http.get(f"{objects}/a/b").status_code == 400


def test_the_layout_of_a_bucket_is_flat(http: requests.Session, storage: FakeStorage) -> None:
    answer = http.get(f"{storage.origin}/storage/v1/b/b/storageLayout").json()
    assert answer == {"kind": "storage#storageLayout", "bucket": "b", "location": "US"}
    assert http.get(f"{storage.origin}/storage/v1/b/absent/storageLayout").status_code == 404


def test_a_large_object_is_whole(http: requests.Session, storage: FakeStorage) -> None:
    data = bytes(range(256)) * (3 * PIECE // 256) + b"end"
    storage.insert("b", "a", data)
    url = f"{storage.origin}/b/a"
    assert http.get(url).content == data
    answer = http.get(url, headers={"Range": f"bytes=7-{PIECE * 2}"})
    assert (answer.status_code, answer.content) == (206, data[7 : PIECE * 2 + 1])


def test_a_client_that_waits_before_the_body_is_told_to_continue(storage: FakeStorage) -> None:
    place = urlsplit(storage.origin)
    head = (
        "POST /upload/storage/v1/b/b/o?uploadType=media&name=a HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), timeout=600) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"123")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
    assert storage.get("b", "a").data == b"123"


def test_a_small_response_is_one_packet(storage: FakeStorage) -> None:
    storage.insert("b", "a", b"12345")
    place = urlsplit(storage.origin)
    with socket.create_connection((place.hostname, place.port), timeout=600) as connection:
        for _ in range(20):
            connection.sendall(b"GET /b/a HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(10_000).endswith(b"\r\n\r\n12345")
            connection.sendall(b"HEAD /b/a HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(10_000).endswith(b"\r\n\r\n")
