"""Files: storage operations, memory, and closed downloads."""

import asyncio
from collections.abc import Mapping

import pytest

from cloud.errors import Unavailable
from proxy.index.signed import CAPACITY, SignedUrls
from schemas.names import Filename
from testing.memory_proxy import (
    LARGE,
    LARGE_BYTES,
    METADATA,
    NARROW,
    WHEEL,
    WHEEL_BYTES,
    Clock,
    MemoryProxy,
    ProxyResponse,
    encode_basic,
)
from testing.storage import Fault

FILE, BIG = f"/packages/{WHEEL}", f"/packages/{LARGE}"


async def ask_cold(
    proxy: MemoryProxy, path: str, headers: Mapping[str, str] | None = None, method: str = "GET"
) -> tuple[ProxyResponse, int]:
    """Return a response and its storage operations, after a reading of ``blocked.json``."""
    await proxy.ask("/packages/unknown-1.0-py3-none-any.whl")
    proxy.take_operation_count()
    answer = await proxy.ask(path, headers, method)
    operations = proxy.take_operation_count()
    assert proxy.reader.open_downloads == set()
    return answer, operations


@pytest.mark.parametrize(("path", "data"), [(FILE, WHEEL_BYTES), (BIG, LARGE_BYTES)])
async def test_a_file_never_seen_costs_one_operation(
    proxy: MemoryProxy, path: str, data: bytes
) -> None:
    answer, operations = await ask_cold(proxy, path)
    assert (answer.status, answer.body, operations) == (200, data, 1)


@pytest.mark.conformance(50)
@pytest.mark.parametrize(("path", "size"), [(FILE, len(WHEEL_BYTES)), (BIG, len(LARGE_BYTES))])
async def test_head_of_a_file_never_seen_costs_one_operation(
    proxy: MemoryProxy, path: str, size: int
) -> None:
    answer, operations = await ask_cold(proxy, path, method="HEAD")
    assert (answer.status, answer.headers["content-length"], operations) == (200, str(size), 1)


@pytest.mark.conformance(49)
@pytest.mark.parametrize(("path", "data"), [(FILE, WHEEL_BYTES), (BIG, LARGE_BYTES)])
@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=5000-", slice(5000, None)),
        ("bytes=-9000", slice(-9000, None)),
        ("bytes=10-99", slice(10, 100)),
        ("bytes=10-99999999", slice(10, None)),
    ],
)
async def test_a_part_of_a_file_never_seen_costs_one_operation(
    proxy: MemoryProxy, path: str, data: bytes, wanted: str, part: slice
) -> None:
    answer, operations = await ask_cold(proxy, path, {"range": wanted})
    assert (answer.status, answer.body, operations) == (206, data[part], 1)


@pytest.mark.conformance(49)
@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=0-99999999", "bytes=-99999999"])
async def test_a_part_of_the_size_of_the_file_is_partial(proxy: MemoryProxy, wanted: str) -> None:
    answer, operations = await ask_cold(proxy, BIG, {"range": wanted})
    assert (answer.status, answer.body, operations) == (206, LARGE_BYTES, 1)


@pytest.mark.conformance(49)
@pytest.mark.parametrize("wanted", ["bytes=5-4", "bytes=-", "bytes=0-1,4-5", "lines=1-2"])
async def test_an_unsupported_range_selects_the_whole(proxy: MemoryProxy, wanted: str) -> None:
    answer, operations = await ask_cold(proxy, BIG, {"range": wanted})
    assert (answer.status, answer.body) == (200, LARGE_BYTES)
    assert operations <= 2


@pytest.mark.conformance(49)
@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=-0"])
async def test_a_part_after_the_end_is_416(proxy: MemoryProxy, wanted: str) -> None:
    answer, operations = await ask_cold(proxy, BIG, {"range": wanted})
    assert (answer.status, operations) == (416, 1)
    assert answer.headers["content-range"] == f"bytes */{len(LARGE_BYTES)}"


@pytest.mark.conformance(49)
async def test_a_resumption_of_another_file_is_the_whole(proxy: MemoryProxy) -> None:
    answer, operations = await ask_cold(proxy, BIG, {"range": "bytes=5-", "if-range": '"other"'})
    assert (answer.status, answer.body, operations) == (200, LARGE_BYTES, 2)


@pytest.mark.conformance(53)
async def test_a_known_entity_tag_costs_one_operation_and_no_body(proxy: MemoryProxy) -> None:
    answer, operations = await ask_cold(proxy, BIG, {"if-none-match": "*"})
    assert (answer.status, answer.body, operations) == (304, b"", 1)


async def test_an_empty_file_is_a_file(proxy: MemoryProxy) -> None:
    proxy.put_file("empty-1.0.tar.gz", b"")
    answer, operations = await ask_cold(proxy, "/packages/empty-1.0.tar.gz", method="HEAD")
    assert (answer.status, answer.headers["content-length"], operations) == (200, "0", 1)


async def test_a_file_has_an_entity_tag(proxy: MemoryProxy) -> None:
    answer, _ = await ask_cold(proxy, BIG)
    assert len(answer.headers["etag"]) == 34


async def test_a_known_file_costs_no_operation_if_small_and_one_if_large(
    proxy: MemoryProxy,
) -> None:
    costs = []
    for path, headers in [(FILE, {}), (FILE, {"range": "bytes=1-"}), (BIG, {}), (BIG, {})]:
        await proxy.ask(path, headers)
        costs.append(proxy.take_operation_count())
    assert costs == [2, 0, 1, 1]  # blocked.json the first time


async def test_a_head_request_caches_the_whole_of_a_small_file(proxy: MemoryProxy) -> None:
    await proxy.ask(FILE, method="HEAD")
    proxy.take_operation_count()
    assert (await proxy.ask(FILE)).body == WHEEL_BYTES
    assert proxy.take_operation_count() == 0


async def test_a_part_of_a_small_file_is_not_taken_for_the_whole(proxy: MemoryProxy) -> None:
    assert (await proxy.ask(FILE, {"range": "bytes=1-9"})).body == WHEEL_BYTES[1:10]
    assert (await proxy.ask(FILE)).body == WHEEL_BYTES


async def test_concurrent_requests_for_a_large_file_have_their_own_streams(
    proxy: MemoryProxy,
) -> None:
    answers = await asyncio.gather(*(proxy.ask(BIG) for _ in range(20)))
    assert {answer.body for answer in answers} == {LARGE_BYTES}
    assert proxy.take_operation_count() == 21


redirecting = pytest.mark.settings(downloads="redirect")


@pytest.mark.conformance(57)
@pytest.mark.parametrize("path", [FILE, BIG])
@redirecting
async def test_a_file_is_redirected_to_one_signature_an_hour(proxy: MemoryProxy, path: str) -> None:
    answers = await asyncio.gather(*(proxy.ask(path) for _ in range(20)))
    assert {answer.status for answer in answers} == {302}
    [location] = {answer.headers["location"] for answer in answers}
    assert location.endswith("?signature=1")
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}
    proxy.take_operation_count()
    proxy.clock.now += 3599
    assert (await proxy.ask(path)).headers["location"] == location
    proxy.clock.now += 1
    assert (await proxy.ask(path)).headers["location"].endswith("?signature=2")
    assert proxy.storage.counts.requests["objects.download"] <= 2  # blocked.json
    assert proxy.reader.open_downloads == set()


@pytest.mark.conformance(50)
@pytest.mark.parametrize(
    ("path", "headers", "method", "status"),
    [
        (BIG, {}, "HEAD", 200),
        (BIG, {"range": "bytes=0-9"}, "GET", 206),
        (BIG, {"if-none-match": "*"}, "GET", 304),
        (f"{FILE}.metadata", {}, "GET", 200),
        ("/simple/alpha-pkg/", {}, "GET", 200),
        ("/packages/unknown-1.0-py3-none-any.whl", {}, "GET", 404),
    ],
)
@redirecting
async def test_only_a_plain_get_of_a_file_is_redirected(
    proxy: MemoryProxy, path: str, headers: dict[str, str], method: str, status: int
) -> None:
    assert (await proxy.ask(path, headers, method)).status == status
    assert proxy.signatures == []


@pytest.mark.conformance(57)
@redirecting
async def test_neither_a_blocked_file_nor_one_out_of_scope_is_signed(proxy: MemoryProxy) -> None:
    proxy.block(alpha_pkg={"filenames": [WHEEL]})

    assert (await proxy.ask(FILE)).status == 404
    assert (await proxy.ask(BIG, {"authorization": encode_basic(NARROW)})).status == 404
    assert proxy.signatures == []


@pytest.mark.conformance(57)
@pytest.mark.parametrize("trouble", ["fails", "hangs"])
@pytest.mark.settings(downloads="redirect", storage_timeout=1)
async def test_a_failed_signature_is_503_and_is_tried_again(
    proxy: MemoryProxy, trouble: str
) -> None:
    async def fail() -> None:
        if trouble == "fails":
            raise Unavailable("signBlob")
        await asyncio.sleep(60)

    proxy.sign_fault = fail
    assert (await proxy.ask(FILE)).status == 503
    proxy.sign_fault = None
    assert (await proxy.ask(FILE)).status == 302


@pytest.mark.conformance(57)
async def test_the_number_of_cached_signatures_is_bounded() -> None:
    signatures: list[str] = []

    async def sign(name: str) -> str:
        signatures.append(name)
        return f"https://storage.example/{name}"

    signed = SignedUrls(sign, 1, Clock())
    for number in [*range(CAPACITY + 1), 0, CAPACITY]:
        await signed.get(Filename(f"a-{number}.tar.gz"))
    assert signatures == [f"a-{number}.tar.gz" for number in [*range(CAPACITY + 1), 0]]


async def test_a_fault_during_the_reading_of_a_small_file_is_503_and_is_not_cached(
    proxy: MemoryProxy,
) -> None:
    proxy.packages.fault(Fault("truncate", name=WHEEL, after_bytes=10))
    assert (await proxy.ask(FILE)).status == 503
    assert (await proxy.ask(FILE)).body == WHEEL_BYTES
    assert (await proxy.ask(f"{FILE}.metadata")).body == METADATA
    assert proxy.reader.open_downloads == set()
