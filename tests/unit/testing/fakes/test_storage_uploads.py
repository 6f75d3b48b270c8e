"""Uploads: multipart, media and resumable."""

import json

import pytest
import requests

from testing.storage import Attributes, FakeStorage

PIECE = 256 * 1024


def read_reason(response: requests.Response) -> str:
    return str(response.json()["error"]["errors"][0]["reason"])


def make_multipart(resource: dict[str, object], media: bytes) -> tuple[bytes, dict[str, str]]:
    parts = [
        b'--=="=\r\nContent-Type: application/json\r\n\r\n' + json.dumps(resource).encode(),
        b'--=="=\r\nContent-Type: text/plain\r\n\r\n' + media,
        b'--=="=--',
    ]
    body = b"\r\n".join(parts).replace(b'=="=', b"===1===")
    return body, {"Content-Type": 'multipart/related; boundary="===1==="'}


@pytest.mark.parametrize("media", [b"", b"\r\n--=\r\n\r\n", bytes(range(256))])
def test_a_multipart_upload_keeps_the_media_as_it_is(
    http: requests.Session, upload: str, storage: FakeStorage, media: bytes
) -> None:
    body, headers = make_multipart({"name": "a", "metadata": {"k": "ü"}}, media)
    answer = http.post(f"{upload}?uploadType=multipart", data=body, headers=headers)
    assert answer.status_code == 200
    version = storage.get("b", "a")
    assert version.data == media
    assert version.attributes == Attributes(content_type="text/plain", metadata={"k": "ü"})
    assert answer.json() == version.resource(storage.origin)


@pytest.mark.parametrize("media", [b"", b"\r\n--=\r\n", b"ends in CR\r"])
def test_lines_of_a_multipart_upload_can_end_in_lf(
    http: requests.Session, upload: str, storage: FakeStorage, media: bytes
) -> None:
    body, headers = make_multipart({"name": "a"}, b"MEDIA")
    body = body.replace(b"\r\n", b"\n").replace(b"MEDIA", media)
    assert http.post(f"{upload}?uploadType=multipart", data=body, headers=headers).ok
    assert storage.get("b", "a").data == media


@pytest.mark.parametrize("key", ["md5Hash", "crc32c"])
def test_bytes_that_are_not_what_was_meant_are_refused(
    http: requests.Session, upload: str, storage: FakeStorage, key: str
) -> None:
    body, headers = make_multipart({"name": "a", key: "AAAAAA=="}, b"1")
    answer = http.post(f"{upload}?uploadType=multipart", data=body, headers=headers)
    assert (answer.status_code, read_reason(answer)) == (400, "invalid")
    assert storage.list("b").items == []


def test_a_media_upload_heeds_its_precondition(
    http: requests.Session, upload: str, storage: FakeStorage
) -> None:
    url = f"{upload}?uploadType=media&name=a/b&ifGenerationMatch=0"
    headers = {"Content-Type": "x/y"}
    assert http.post(url, data=b"1", headers=headers).json()["contentType"] == "x/y"
    answer = http.post(url, data=b"2", headers=headers)
    assert (answer.status_code, read_reason(answer)) == (412, "conditionNotMet")


def start(http: requests.Session, upload: str, query: str = "") -> str:
    answer = http.post(f"{upload}?uploadType=resumable&name=a{query}", json={"contentType": "x/y"})
    assert answer.status_code == 200
    return answer.headers["Location"]


def put(http: requests.Session, url: str, body: bytes, content_range: str) -> requests.Response:
    return http.put(url, data=body, headers={"Content-Range": content_range})


def test_a_resumable_upload_comes_in_pieces(
    http: requests.Session, upload: str, storage: FakeStorage
) -> None:
    data = bytes(range(256)) * 3 * 1024
    session = start(http, upload)
    assert "Range" not in put(http, session, b"", "bytes */*").headers
    first = put(http, session, data[:PIECE], f"bytes 0-{PIECE - 1}/*")
    assert (first.status_code, first.headers["Range"]) == (308, f"bytes=0-{PIECE - 1}")
    asked = put(http, session, b"", "bytes */*")
    assert (asked.status_code, asked.headers["Range"]) == (308, f"bytes=0-{PIECE - 1}")
    last = f"bytes {PIECE}-{len(data) - 1}/{len(data)}"
    assert put(http, session, data[PIECE:], last).json()["size"] == str(len(data))
    assert storage.get("b", "a").data == data
    assert put(http, session, b"", "bytes */*").status_code == 200
    assert storage.counts.billed == {"A": 1, "free": 5}


def test_a_piece_is_kept_up_to_a_multiple(http: requests.Session, upload: str) -> None:
    answer = put(http, start(http, upload), bytes(PIECE + 5), f"bytes 0-{PIECE + 4}/*")
    assert answer.headers["Range"] == f"bytes=0-{PIECE - 1}"


def test_a_piece_that_leaves_a_gap_is_refused(http: requests.Session, upload: str) -> None:
    answer = put(http, start(http, upload), b"123", "bytes 5-7/8")
    assert answer.status_code == 400


def test_a_resumable_upload_of_nothing_is_one_request(
    http: requests.Session, upload: str, storage: FakeStorage
) -> None:
    assert put(http, start(http, upload), b"", "bytes */0").status_code == 200
    assert storage.get("b", "a").data == b""


def test_a_resumable_upload_is_checked_when_it_ends_too(
    http: requests.Session, upload: str, storage: FakeStorage
) -> None:
    session = start(http, upload, "&ifGenerationMatch=0")
    storage.insert("b", "a", b"first")
    answer = put(http, session, b"123", "bytes 0-2/3")
    assert (answer.status_code, read_reason(answer)) == (412, "conditionNotMet")
    again = f"{upload}?uploadType=resumable&name=a&ifGenerationMatch=0"
    assert http.post(again).status_code == 412
    assert storage.get("b", "a").data == b"first"
