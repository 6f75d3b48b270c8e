"""The proxy over ASGI, with a clock that the test moves: tokens, caching, faults, streams, log."""

import asyncio
import json
import logging
from typing import Any

import pytest
from starlette.types import Message

from cloud.errors import NotFound, PermissionDenied
from cloud.ports import Headers
from proxy.index.cache import ENTRY_SIZE, NEWEST_INTERVAL
from proxy.index.scoping import scope_list
from testing.fakes.memory_reader import CHUNK
from testing.memory_proxy import (
    JSON,
    LARGE,
    LARGE_BYTES,
    LOCAL,
    NARROW,
    TOKEN,
    UPLOAD,
    WHEEL,
    WHEEL_BYTES,
    AccessLogReader,
    AsgiRequest,
    MemoryProxy,
    ProxyResponse,
    encode_basic,
    make_entry,
)
from testing.storage import Fault

PAGE = "/simple/alpha-pkg/"
FILE = f"/packages/{WHEEL}"
BIG = f"/packages/{LARGE}"
SDIST = "alpha_pkg-1.0.0.tar.gz"
"""File of the release of ``WHEEL``, with another spelling of its version."""


def get_statuses(answers: list[ProxyResponse]) -> list[int]:
    return [answer.status for answer in answers]


@pytest.mark.conformance(64)
async def test_without_a_valid_token_set_the_proxy_is_not_ready_and_responds_503(
    proxy: MemoryProxy,
) -> None:
    proxy.tokens = b"{broken"

    answers = [
        await proxy.ask("/ready"),
        await proxy.ask(PAGE),
        await proxy.ask(PAGE, {"authorization": ""}),
        await proxy.ask("/health"),
    ]
    assert get_statuses(answers) == [503, 503, 503, 200]
    assert [answer.headers.get("retry-after") for answer in answers] == ["2", "2", "2", None]


async def test_the_proxy_becomes_ready_when_the_tokens_are_readable(proxy: MemoryProxy) -> None:
    good, proxy.tokens = proxy.tokens, NotFound("tokens/versions/latest")
    assert (await proxy.ask("/ready")).status == 503
    proxy.tokens = good
    proxy.clock.now += 30
    assert (await proxy.ask("/ready")).status == 200


async def test_secret_manager_is_read_once_an_interval_at_any_load(
    proxy: MemoryProxy,
) -> None:
    for _ in range(100):
        await proxy.ask(PAGE, {"authorization": encode_basic("wrong")})
        proxy.clock.now += 0.5
    await asyncio.sleep(0)
    assert proxy.secret_reads == 2


@pytest.mark.parametrize(
    "version", [b'{"tokens": [{}]}', b'{"schema_version": 2, "tokens": []}', b"not JSON"]
)
async def test_a_broken_or_newer_version_leaves_the_last_good_tokens_in_force(
    proxy: MemoryProxy, version: bytes
) -> None:
    assert (await proxy.ask(PAGE)).status == 200
    proxy.tokens = version
    for _ in range(4):
        proxy.clock.now += 31
        assert (await proxy.ask(PAGE)).status == 200
    assert proxy.secret_reads == 5


async def test_a_revoked_token_stops_working_within_two_intervals(
    proxy: MemoryProxy,
) -> None:
    assert (await proxy.ask(PAGE)).status == 200
    proxy.tokens = json.dumps({"tokens": [make_entry("other", "ci")]}).encode()
    proxy.clock.now += 60
    assert (await proxy.ask(PAGE)).status == 401
    assert (await proxy.ask(PAGE, {"authorization": encode_basic("other")})).status == 200


async def test_a_warm_page_costs_no_operation_and_an_old_one_costs_one(proxy: MemoryProxy) -> None:
    await proxy.ask(PAGE)
    assert proxy.take_operation_count() == 1
    await proxy.ask(PAGE)
    assert proxy.take_operation_count() == 0
    proxy.clock.now += 2
    assert (await proxy.ask(PAGE)).body == b"<p>alpha-pkg</p>"
    assert proxy.storage.counts.answers == {"objects.download 304": 1}
    proxy.take_operation_count()
    await asyncio.gather(*(proxy.ask(f"{PAGE}?format=text/html") for _ in range(20)))
    assert proxy.take_operation_count() == 0


async def test_concurrent_requests_for_a_cold_page_share_one_reading(proxy: MemoryProxy) -> None:
    answers = await asyncio.gather(*(proxy.ask(PAGE) for _ in range(20)))
    assert set(get_statuses(answers)) == {200}
    assert proxy.take_operation_count() == 1


async def test_a_publish_is_visible_after_the_time_to_live(proxy: MemoryProxy) -> None:
    first = await proxy.ask(PAGE)
    proxy.put_page("simple/alpha-pkg/index.html", "new")
    assert (await proxy.ask(PAGE)).body == first.body
    proxy.clock.now += 2
    known = {"if-none-match": first.headers["etag"]}
    assert (await proxy.ask(PAGE, known)).body == b"new"


@pytest.mark.conformance(54)
@pytest.mark.parametrize("directive", ["no-cache", "No-Cache", "max-age=0, no-cache"])
async def test_a_client_that_wants_the_newest_page_gets_it(
    proxy: MemoryProxy, access_log: AccessLogReader, directive: str
) -> None:
    """A page, an absence, and the page again; the bucket is read each time."""
    newest = {"cache-control": directive}
    await proxy.ask(PAGE)
    await proxy.ask("/simple/new/")
    proxy.put_page("simple/alpha-pkg/index.html", "new")
    proxy.put_page("simple/new/index.html", "here")
    proxy.clock.now += NEWEST_INTERVAL
    assert (await proxy.ask(PAGE)).body != b"new"
    assert (await proxy.ask(PAGE, newest)).body == b"new"
    assert (await proxy.ask("/simple/new/", newest)).body == b"here"
    assert (await proxy.ask(PAGE)).body == b"new"
    sources = [line.get("cache") for line in access_log.read_lines()]
    assert sources == ["read", None, "hit", "read", "read", "hit"]


@pytest.mark.parametrize("directive", ["max-age=0", "no-cached", 'x="no-cache"'])
async def test_other_directives_of_a_client_change_nothing(
    proxy: MemoryProxy, directive: str
) -> None:
    await proxy.ask(PAGE)
    proxy.take_operation_count()
    proxy.clock.now += NEWEST_INTERVAL
    await proxy.ask(PAGE, {"cache-control": directive})
    assert proxy.take_operation_count() == 0


async def test_many_requests_for_the_newest_page_cost_one_operation_an_interval(
    proxy: MemoryProxy,
) -> None:
    newest = {"cache-control": "no-cache"}
    for _ in range(3):
        await asyncio.gather(*(proxy.ask(PAGE, newest) for _ in range(20)))
        await proxy.ask(PAGE, newest)
        assert proxy.take_operation_count() == 1
        proxy.clock.now += NEWEST_INTERVAL


async def test_the_newest_page_is_the_last_good_one_while_storage_fails(proxy: MemoryProxy) -> None:
    first = await proxy.ask(PAGE)
    proxy.static.fault(Fault(times=None))
    proxy.clock.now += NEWEST_INTERVAL
    answer = await proxy.ask(PAGE, {"cache-control": "no-cache"})
    assert (answer.status, answer.body) == (200, first.body)


async def test_an_absence_is_cached_briefly(proxy: MemoryProxy) -> None:
    assert (await proxy.ask("/simple/new/")).status == 404
    assert (await proxy.ask("/simple/new/")).status == 404
    assert proxy.take_operation_count() == 1
    proxy.put_page("simple/new/index.html", "here")
    proxy.clock.now += 2
    assert (await proxy.ask("/simple/new/")).status == 200


async def test_files_are_read_once_and_small_ones_stay_in_memory(proxy: MemoryProxy) -> None:
    await proxy.ask(FILE)
    await proxy.ask(f"{FILE}.metadata")
    proxy.take_operation_count()
    proxy.clock.now += 4
    await proxy.ask(FILE, {"range": "bytes=-100"})
    await proxy.ask(f"{FILE}.metadata")
    assert proxy.take_operation_count() == 0


async def test_the_metadata_of_a_large_file_is_kept_and_its_bytes_are_not(
    proxy: MemoryProxy,
) -> None:
    await proxy.ask(BIG, method="HEAD")
    proxy.take_operation_count()
    await proxy.ask(BIG, method="HEAD")
    await proxy.ask(BIG, {"if-none-match": "*"})
    assert proxy.take_operation_count() == 0
    await proxy.ask(BIG, {"range": "bytes=0-99"})
    assert proxy.take_operation_count() == 1


async def test_memory_is_bounded_and_the_least_recently_used_goes_first() -> None:
    proxy = MemoryProxy(cache_bytes=4 * ENTRY_SIZE)

    await proxy.ask(PAGE)
    for number in range(50):
        assert (await proxy.ask(f"/simple/unknown-{number}/")).status == 404
        await proxy.ask(PAGE)
    assert proxy.take_operation_count() == 51
    for number in range(4):
        await proxy.ask(f"/simple/unknown-{number}/")
    assert proxy.take_operation_count() == 4
    await proxy.ask(PAGE)
    assert proxy.take_operation_count() == 1


@pytest.mark.parametrize("capacity", [0, 2000])
async def test_a_file_larger_than_the_cache_is_served_but_not_cached(capacity: int) -> None:
    proxy = MemoryProxy(cache_bytes=capacity)

    for _ in range(2):
        assert (await proxy.ask(FILE)).body == WHEEL_BYTES
    assert proxy.storage.counts.requests["objects.download"] == 2 + 1  # blocked.json


@pytest.mark.conformance(64)
async def test_a_page_is_served_stale_while_storage_fails(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:

    await proxy.ask(PAGE)
    proxy.static.fault(Fault(times=None))
    proxy.clock.now += 2
    assert (await proxy.ask(PAGE)).status == 200
    assert (await proxy.ask("/simple/beta/")).status == 503
    proxy.clock.now += 3601
    answer = await proxy.ask(PAGE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert [line.get("cache") for line in access_log.read_lines()] == ["read", "stale", None, None]


@pytest.mark.conformance(64)
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 504])
async def test_a_fault_of_the_index_is_503_with_retry_after(
    proxy: MemoryProxy, status: int
) -> None:
    proxy.static.fault(Fault(status=status, times=None))
    answer = await proxy.ask(PAGE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.conformance(64)
async def test_storage_that_hangs_is_503() -> None:
    proxy = MemoryProxy(storage_timeout=0.05)
    proxy.static.fault(Fault("latency", seconds=60, times=None))
    assert (await proxy.ask(PAGE)).status == 503


@pytest.mark.conformance(64)
async def test_a_missing_permission_for_a_file_is_503(proxy: MemoryProxy) -> None:
    proxy.packages.fault(Fault(status=403, bucket="packages", times=None))
    assert (await proxy.ask(FILE)).status == 503


@pytest.mark.conformance(7)
async def test_a_quarantined_project_and_a_removed_file_stop_answering_in_seconds(
    proxy: MemoryProxy,
) -> None:
    assert (await proxy.ask(FILE)).status == 200
    assert (await proxy.ask(BIG)).status == 200
    proxy.block(alpha_pkg={"filenames": [WHEEL]}, beta={"quarantined": True})
    proxy.clock.now += 5
    gone = [FILE, f"{FILE}.metadata", BIG, f"{BIG}.metadata"]
    assert get_statuses([await proxy.ask(path) for path in gone]) == [404] * 4
    assert (await proxy.ask(f"/packages/{LOCAL}")).status == 200
    assert (await proxy.ask("/simple/beta/")).status == 200
    proxy.block(alpha_pkg={}, beta={})
    proxy.clock.now += 5
    assert (await proxy.ask(FILE)).status == 200


@pytest.mark.parametrize("filenames", [[WHEEL, SDIST], []], ids=["recorded", "not recorded yet"])
async def test_a_quarantined_release_stops_answering_for_all_its_files(
    proxy: MemoryProxy, filenames: list[str]
) -> None:
    """Ingest can promote a file before it knows of the quarantine; it is not served either."""
    proxy.put_file(SDIST, b"sdist")
    proxy.block(alpha_pkg={"filenames": filenames, "releases": ["1"]})
    gone = [FILE, f"{FILE}.metadata", f"/packages/{SDIST}"]
    for method in ("GET", "HEAD"):
        assert get_statuses([await proxy.ask(path, method=method) for path in gone]) == [404] * 3
    assert (await proxy.ask(f"/packages/{LOCAL}")).status == 200
    assert (await proxy.ask(PAGE)).status == 200
    proxy.block(alpha_pkg={})
    proxy.clock.now += 5
    assert get_statuses([await proxy.ask(path) for path in gone]) == [200] * 3


async def test_blocked_json_is_read_on_condition_and_no_more_than_every_five_seconds(
    proxy: MemoryProxy,
) -> None:
    proxy.block()

    await proxy.ask(FILE)
    proxy.take_operation_count()
    for _ in range(20):
        await proxy.ask(FILE)
        proxy.clock.now += 0.5
    assert proxy.storage.counts.answers == {"objects.download 304": 1}


@pytest.mark.parametrize("trouble", ["unreadable", "unavailable", "deleted"])
async def test_while_blocked_json_is_unreadable_the_last_good_one_stays(
    proxy: MemoryProxy, trouble: str
) -> None:
    proxy.block(alpha_pkg={"filenames": [WHEEL]})
    assert (await proxy.ask(FILE)).status == 404
    if trouble == "unreadable":
        proxy.static.put("blocked.json", b"{")
    elif trouble == "deleted":
        proxy.static.remove("blocked.json")
    else:
        proxy.static.fault(Fault(name="blocked.json", times=None))
    proxy.clock.now += 5
    assert (await proxy.ask(FILE)).status == 404
    assert (await proxy.ask(BIG)).status == 200


async def test_without_a_readable_blocked_json_files_are_503(proxy: MemoryProxy) -> None:
    proxy.static.put("blocked.json", b"{}{")
    assert (await proxy.ask(FILE)).status == 503


@pytest.mark.conformance(62)
async def test_the_root_lists_only_the_projects_of_the_token(proxy: MemoryProxy) -> None:
    narrow = {"authorization": encode_basic(NARROW)}
    answer = await proxy.ask("/simple/", {**narrow, "accept": JSON})
    assert json.loads(answer.body) == {
        "meta": {"api-version": "1.4"},
        "projects": [{"name": "alpha-pkg"}],
    }
    everything = await proxy.ask("/simple/", {"accept": JSON})
    assert answer.headers["etag"] != everything.headers["etag"]
    assert answer.headers["vary"] == "Accept, Accept-Encoding, Authorization"
    page = await proxy.ask("/simple/", narrow)
    assert page.body.count(b"<a ") == 1
    assert b'<a href="alpha-pkg/">alpha-pkg</a>' in page.body
    assert b'<meta name="pypi:repository-version" content="1.4">' in page.body


@pytest.mark.conformance(62)
async def test_a_scoped_root_is_rendered_once_per_version_of_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = MemoryProxy()
    made: list[object] = []

    def count_and_scope(*given: Any) -> bytes:  # noqa: ANN401 - passed on
        made.append(given)
        return scope_list(*given)

    monkeypatch.setattr("proxy.index.static_pages.scope_list", count_and_scope)
    narrow = {"authorization": encode_basic(NARROW), "accept": JSON}

    answers = await asyncio.gather(*(proxy.ask("/simple/", narrow) for _ in range(6)))
    assert [len(json.loads(answer.body)["projects"]) for answer in answers] == [1] * 6
    proxy.clock.now += 100
    await proxy.ask("/simple/", narrow)
    assert len(made) == 1
    proxy.put_page("simple/index.v1.json", json.dumps({"meta": {}, "projects": []}))
    proxy.clock.now += 100
    assert json.loads((await proxy.ask("/simple/", narrow)).body)["projects"] == []
    assert len(made) == 2


@pytest.mark.conformance(62)
async def test_an_invalid_root_is_503_for_a_scoped_token(proxy: MemoryProxy) -> None:
    proxy.put_page("simple/index.v1.json", "[]")
    assert (await proxy.ask("/simple/", {"authorization": encode_basic(NARROW)})).status == 503


@pytest.mark.conformance(62)
async def test_a_token_without_the_read_scope_finds_nothing(proxy: MemoryProxy) -> None:
    upload = {"authorization": encode_basic(UPLOAD)}
    assert (
        get_statuses([await proxy.ask(path, upload) for path in ("/", "/simple/", PAGE, FILE)])
        == [404] * 4
    )


async def test_a_large_body_is_sent_in_chunks(proxy: MemoryProxy) -> None:
    client = AsgiRequest(BIG, {"authorization": encode_basic()})
    await proxy.app(client.scope, client.receive, client.send)
    assert client.read_response().body == LARGE_BYTES
    assert max(len(message.get("body", b"")) for message in client.sent) == CHUNK


async def test_above_the_limit_a_streamed_body_has_no_content_length() -> None:
    proxy = MemoryProxy(max_content_length=1_000_000)

    answer = await proxy.ask(BIG)
    assert (answer.body, "content-length" in answer.headers) == (LARGE_BYTES, False)
    head = await proxy.ask(BIG, method="HEAD")
    assert head.headers["content-length"] == str(len(LARGE_BYTES))
    for field, has_length in (("bytes=1-", False), ("bytes=-1000", True)):
        part = await proxy.ask(BIG, {"range": field})
        assert (part.status, "content-length" in part.headers) == (206, has_length)


async def test_a_stream_that_fails_at_its_start_is_503_and_a_deleted_file_is_404(
    proxy: MemoryProxy,
) -> None:
    await proxy.ask(BIG, method="HEAD")
    proxy.packages.fault(Fault(operation="objects.download", name=LARGE))
    assert (await proxy.ask(BIG)).status == 503
    proxy.packages.remove(LARGE)
    assert (await proxy.ask(BIG)).status == 404


async def test_a_large_file_that_was_deleted_by_hand_and_restored_is_served_again(
    proxy: MemoryProxy,
) -> None:
    assert (await proxy.ask(BIG)).body == LARGE_BYTES
    info = proxy.packages.stat(LARGE)
    assert info is not None
    proxy.packages.remove(LARGE)
    assert (await proxy.ask(BIG)).status == 404
    headers = Headers(info.content_type, "", info.metadata)
    assert proxy.packages.put(LARGE, LARGE_BYTES, headers).generation != info.generation
    assert (await proxy.ask(BIG)).body == LARGE_BYTES


async def test_a_stream_that_breaks_off_is_never_completed(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:
    proxy.packages.fault(Fault("truncate", name=LARGE, after_bytes=1_000_000))
    client = AsgiRequest(BIG, {"authorization": encode_basic()})
    await proxy.app(client.scope, client.receive, client.send)
    assert not client.is_complete()
    [line] = access_log.read_lines()
    assert (line["status"], line["incomplete"], line["bytes"]) == (200, True, 1_000_000)
    assert line["error"].startswith("Unavailable: ")
    assert proxy.reader.open_downloads == set()


async def test_a_stream_ends_when_its_client_leaves(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:
    client = AsgiRequest(BIG, {"authorization": encode_basic()})

    async def leave(message: Message) -> None:
        client.disconnected.set()
        await asyncio.sleep(0)

    client.on_send = leave
    await proxy.app(client.scope, client.receive, client.send)
    assert not client.is_complete()
    assert len(client.sent) <= 3
    [line] = access_log.read_lines()
    assert (line["severity"], line["incomplete"]) == ("INFO", True)
    assert proxy.reader.open_downloads == set()


@pytest.mark.parametrize("known", [True, False])
async def test_a_client_that_leaves_while_storage_hangs_ends_the_request(
    proxy: MemoryProxy, known: bool
) -> None:
    client = AsgiRequest(BIG, {"authorization": encode_basic()})
    client.disconnected.set()

    if known:
        await proxy.ask(BIG, method="HEAD")
        proxy.packages.fault(Fault("hang", name=LARGE, seconds=60))
    async with asyncio.timeout(30):
        await proxy.app(client.scope, client.receive, client.send)
    assert len([message for message in client.sent if message.get("body")]) <= 2
    assert not client.sent or not client.is_complete()
    assert proxy.reader.open_downloads == set()


async def test_an_unexpected_exception_is_500_and_its_traceback_is_logged_once(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:
    client = AsgiRequest(PAGE, {"authorization": encode_basic()})
    del client.scope["query_string"]  # every server sets it, so this is an internal error
    await proxy.app(client.scope, client.receive, client.send)
    assert client.read_response().status == 500
    [line] = access_log.read_lines()
    assert line["severity"] == "ERROR"
    message = line["message"].splitlines()
    assert message[0] == f"GET {PAGE} 500"
    assert message[1] == "Traceback (most recent call last):"
    assert "" not in message
    assert message[-1].startswith("KeyError: ")


async def test_each_request_is_one_line_with_the_tokens_name_and_never_the_token(
    proxy: MemoryProxy, access_log: AccessLogReader, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {
        "user-agent": 'pip/26.3 {"cpu":"x86_64"}',
        "x-cloud-trace-context": "105445aa7843bc8bf206b12000100000/1;o=1",
    }
    await proxy.ask(f"{FILE}?{TOKEN}", headers)
    [line] = access_log.read_lines()
    assert line.pop("milliseconds") >= 0
    assert line == {
        "severity": "INFO",
        "message": f"GET {FILE} 200",
        "logger": "proxy.http.access_log",
        "token": "ci",
        "client": "pip",
        "client_version": "26.3",
        "method": "GET",
        "path": FILE,
        "project": "alpha-pkg",
        "file": WHEEL,
        "status": 200,
        "bytes": len(WHEEL_BYTES),
        "cache": "read",
        "logging.googleapis.com/trace": (
            "projects/acme-prod/traces/105445aa7843bc8bf206b12000100000"
        ),
    }
    everything = f"{access_log.text} {caplog.text}"
    assert TOKEN not in everything
    assert encode_basic()[6:] not in everything


async def test_a_hostile_path_is_logged_short_and_printable(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:
    await proxy.ask("/\xff" + "a" * 1000)
    [line] = access_log.read_lines()
    assert line["path"] == "/\\xff" + "a" * 510


async def test_no_byte_of_a_path_is_a_control_character_in_the_log(
    proxy: MemoryProxy, access_log: AccessLogReader
) -> None:
    """The log has no C0, DEL or C1, because terminals interpret them."""
    every = bytes(range(256)).replace(b"?", b"").decode("latin-1")
    await proxy.ask(f"/{every}")
    access_log.read_lines()
    [line] = access_log.text.splitlines()
    assert line.isascii()
    assert line.isprintable()


async def test_repeated_header_fields_count_as_one_list(proxy: MemoryProxy) -> None:
    client = AsgiRequest(PAGE, {"authorization": encode_basic(), "accept": "text/html;q=0.1"})
    client.scope["headers"] += [(b"accept", JSON.encode())]  # type: ignore[operator]  # a list
    await proxy.app(client.scope, client.receive, client.send)
    assert client.read_response().headers["content-type"] == JSON


@pytest.mark.parametrize("ready", [True, False])
async def test_the_proxy_starts_and_stops_with_or_without_tokens(
    proxy: MemoryProxy, ready: bool
) -> None:
    if not ready:
        proxy.tokens = PermissionDenied("tokens/versions/latest")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "lifespan"}

    await proxy.app({"type": "lifespan"}, receive, send)
    assert sent == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]
    assert proxy.secret_reads == 1
    assert proxy.is_closed
