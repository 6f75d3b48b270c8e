"""Uploads by form, to ``POST /legacy/``: the answers, the stored objects and what is refused."""

import hashlib
import json
import os
import threading

import pytest

from cloud.errors import Unavailable
from cloud.json_requests.resumable import PIECE
from cloud.ports import Headers
from schemas import layout
from testing.corpus.sdists import BYTES as SDIST_BYTES
from testing.corpus.sdists import FILENAME as SDIST
from testing.fakes.small_wheels import build_wheel
from testing.memory_upload import (
    ENDED,
    INDEX_URL,
    READ_ONLY,
    MemoryUpload,
    build_fields,
    encode_form,
    encode_login,
)

WHEEL = "acme_lib-1.0-py3-none-any.whl"
DATA = build_wheel("acme_lib", "1.0")
LARGE = build_wheel("acme_lib", "1.0", body=os.urandom(2 * PIECE))
"""Wheel of several pieces."""
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def service() -> MemoryUpload:
    """The service with a pipeline that accepts and lists each upload at once."""
    service = MemoryUpload(listing_timeout=60)
    service.answer(outcome="accepted")
    service.publish(WHEEL)
    return service


@pytest.mark.parametrize("data", [DATA, LARGE], ids=["one request", "several pieces"])
async def test_an_accepted_file_is_stored_for_ingest_and_is_installable(
    service: MemoryUpload, data: bytes
) -> None:
    response = await service.upload(WHEEL, data)

    assert response.status == 200
    assert response.text == f"accepted: {WHEEL} is installable from {INDEX_URL}acme-lib/\n"
    [info] = service.incoming.list()
    prefix, uploader, run, filename = info.name.split("/")
    assert (prefix, uploader, filename) == ("upload", "acme", WHEEL)
    assert len(run) > 16
    assert info.metadata == {"sha256": hashlib.sha256(data).hexdigest(), "holder": "ada"}
    assert b"".join(service.incoming.stream(info)) == data
    assert service.incoming.open_uploads == []


async def test_every_upload_has_a_run_of_its_own(service: MemoryUpload) -> None:
    await service.upload(WHEEL, DATA)
    await service.upload(WHEEL, DATA)
    assert len(set(service.list_uploads())) == 2


async def test_a_file_that_the_page_does_not_list_in_time_has_an_address_for_its_verdict() -> None:
    service = MemoryUpload(listing_timeout=0.2)
    response = await service.upload(WHEEL, DATA)
    [info] = service.incoming.list()
    assert response.status == 200
    verdict = f"gs://verdicts/{info.name}/{info.generation}.json"
    assert response.text == (
        f"stored: {WHEEL} is not on the page of acme-lib yet. The verdict will be {verdict}\n"
    )


async def test_a_failure_after_the_file_is_stored_is_no_failure_of_the_upload() -> None:
    service = MemoryUpload(listing_timeout=0.2)

    def fail(operation: str, bucket: str, name: str) -> None:
        raise Unavailable(name)

    service.verdicts.before = fail
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.text.partition(":")[0]) == (200, "stored")


async def test_a_verdict_of_a_newer_release_is_no_failure_of_the_upload() -> None:
    service = MemoryUpload(listing_timeout=0)

    def write(operation: str, bucket: str, name: str) -> None:
        info = service.incoming.stat(name) if operation == "objects.insert" else None
        if info is not None:
            verdict = layout.locate_verdict(name, info.generation)
            service.verdicts.put(verdict, b'{"schema_version": 2}')

    service.incoming.after = write
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.text.partition(":")[0]) == (200, "stored")


async def test_a_bucket_that_does_not_answer_does_not_delay_the_answer() -> None:
    service, is_over = MemoryUpload(listing_timeout=0.1), threading.Event()
    ends: list[bool] = []

    def block(operation: str, bucket: str, name: str) -> None:
        ends.append(is_over.wait(60))

    service.verdicts.before = block
    response = await service.upload(WHEEL, DATA)
    assert ends == []
    is_over.set()
    assert (response.status, response.text.partition(":")[0]) == (200, "stored")


async def test_an_accepted_file_that_the_page_does_not_list_is_not_called_stored() -> None:
    service = MemoryUpload(listing_timeout=2)  # enough to read the verdict on a busy machine
    service.answer(outcome="accepted")
    response = await service.upload(WHEEL, DATA)
    expected = f"accepted: {WHEEL} is not on the page of acme-lib yet. The verdict is gs://"
    assert (response.status, response.text[: len(expected)]) == (200, expected)


async def test_a_removed_file_is_not_called_a_file_of_the_index() -> None:
    service = MemoryUpload(listing_timeout=0)
    service.packages.put(WHEEL, DATA, Headers("", "", {"sha256": SHA256}))
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.text) == (
        200,
        f"unchanged: {WHEEL} was published before with the same bytes, but it is not on the page"
        " of acme-lib: it was removed, or it is not there yet\n",
    )


@pytest.mark.parametrize(
    ("reason", "status"), [("exists", 409), ("project-closed", 400), ("not-allowed", 403)]
)
async def test_a_refusal_by_ingest_is_the_answer(
    service: MemoryUpload, reason: str, status: int
) -> None:
    service.answer(outcome="refused", reason=reason, detail="Already exists: publish another.")
    response = await service.upload(WHEEL, DATA)
    assert response.status == status
    assert response.text == f"{reason}: Already exists: publish another.\n"


async def test_the_same_bytes_under_the_same_name_are_no_error(service: MemoryUpload) -> None:
    service.packages.put(WHEEL, DATA, Headers("", "", {"sha256": SHA256}))
    response = await service.upload(WHEEL, DATA)
    assert response.status == 200
    assert response.text.startswith(f"unchanged: {WHEEL}")
    assert service.list_uploads() == []


async def test_other_bytes_under_the_same_name_are_a_conflict(service: MemoryUpload) -> None:
    service.packages.put(WHEEL, b"other", Headers("", "", {"sha256": "0" * 64}))
    response = await service.upload(WHEEL, DATA, headers={"user-agent": "uv/0.12.5"})
    assert response.status == 409
    assert f"exists: {WHEEL} already exists with other bytes" in json.loads(response.text)["detail"]
    assert service.list_uploads() == []


@pytest.mark.parametrize("data", [DATA, LARGE], ids=["one request", "several pieces"])
async def test_a_file_that_the_checks_refuse_never_becomes_an_object(
    service: MemoryUpload, data: bytes
) -> None:
    response = await service.upload(WHEEL, data[:-4])  # without the end of the archive
    assert (response.status, response.text.partition(":")[0]) == (400, "not-a-zip")
    assert service.list_uploads() == []
    assert service.incoming.open_uploads == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", "other", "claim-mismatch"),
        ("version", "1.1", "claim-mismatch"),
        ("version", "one", "claim-mismatch"),
        ("filetype", "sdist", "claim-mismatch"),
        ("filetype", "bdist_egg", "claim-mismatch"),
        ("sha256_digest", "0" * 64, "digest-mismatch"),
        ("sha256_digest", "nonsense", "digest-mismatch"),
        (":action", "submit", "bad-form"),
        ("protocol_version", "2", "bad-form"),
        ("name", "a" * 2000, "bad-form"),
    ],
)
async def test_a_form_that_contradicts_its_file_is_refused(
    service: MemoryUpload, field: str, value: str, reason: str
) -> None:
    response = await service.upload(WHEEL, LARGE, {field: value})
    assert (response.status, response.text.partition(":")[0]) == (400, reason)
    assert service.list_uploads() == []
    assert service.incoming.open_uploads == []


async def test_claims_after_the_file_count_too(service: MemoryUpload) -> None:
    fields = build_fields(WHEEL, DATA)
    del fields["sha256_digest"]
    body = encode_form(fields, WHEEL, DATA, {"sha256_digest": "0" * 64})
    response = await service.send_form(body)
    assert (response.status, response.text.partition(":")[0]) == (400, "digest-mismatch")
    assert service.list_uploads() == []


@pytest.mark.parametrize("is_published", [False, True])
async def test_a_version_after_the_file_counts_too(
    service: MemoryUpload, is_published: bool
) -> None:
    if is_published:
        service.packages.put(WHEEL, DATA, Headers("", "", {"sha256": SHA256}))
    fields = build_fields(WHEEL, DATA)
    del fields["version"]
    response = await service.send_form(encode_form(fields, WHEEL, DATA, {"version": "2"}))
    assert (response.status, response.text.partition(":")[0]) == (400, "claim-mismatch")


@pytest.mark.parametrize("name", ["Acme.Lib", "acme-lib", "ACME__lib"])
async def test_spellings_of_the_project_and_of_the_version_are_equal(
    service: MemoryUpload, name: str
) -> None:
    response = await service.upload(WHEEL, DATA, {"name": name, "version": "1.0.0"})
    assert response.status == 200


async def test_a_form_without_claims_is_accepted(service: MemoryUpload) -> None:
    fields = {":action": "file_upload", "protocol_version": "1"}
    response = await service.send_form(encode_form(fields, WHEEL, DATA))
    assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        encode_login("gcpypi_unknown"),
        encode_login(ENDED),
        {"authorization": "Basic %%%"},
    ],
    ids=["none", "unknown", "ended", "malformed"],
)
async def test_a_wrong_credential_is_refused_before_the_file(
    service: MemoryUpload, headers: dict[str, str]
) -> None:
    response = await service.upload(WHEEL, DATA, headers=headers)
    assert response.status == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert response.text.startswith("unauthorized: send a publishing token")
    assert service.list_uploads() == []


async def test_a_token_for_reading_does_not_publish(service: MemoryUpload) -> None:
    response = await service.upload(WHEEL, DATA, headers=encode_login(READ_ONLY))
    assert response.status == 403
    assert "has no scope publish" in response.text


async def test_a_token_publishes_its_projects_only(service: MemoryUpload) -> None:
    other = "beta-1.0-py3-none-any.whl"
    response = await service.upload(other, build_wheel("beta"))
    assert response.status == 403
    assert response.text.startswith("not-allowed: 'beta' is outside the scope of 'ada'")


@pytest.mark.parametrize(
    "grants",
    [
        {},
        {"acme": ["acme-*"]},
        {"acme": {"projects": ["other"], "upload": True}},
        {"other": {"projects": ["*"], "upload": True}},
    ],
)
async def test_uploaders_restricts_the_holders_of_tokens_too(grants: dict[str, object]) -> None:
    response = await MemoryUpload(uploaders=grants).upload(WHEEL, DATA)
    assert response.status == 403
    assert "uploader 'acme' may not upload files of acme-lib (UPLOADERS)" in response.text


async def test_missing_tokens_are_a_fault_of_the_index(service: MemoryUpload) -> None:
    service.tokens = Unavailable("uploaders")
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("operation", ["uploads.start", "uploads.piece", "objects.insert"])
async def test_a_failure_of_storage_leaves_nothing(service: MemoryUpload, operation: str) -> None:
    def fail(current: str, bucket: str, name: str) -> None:
        if current == operation:
            raise Unavailable(name)

    service.incoming.before = fail
    response = await service.upload(WHEEL, LARGE)
    assert response.status == 503
    assert service.incoming.open_uploads == []
    assert (await service.upload(WHEEL, LARGE)).status == 503


async def test_a_lost_response_of_storage_is_no_failure() -> None:
    service = MemoryUpload(listing_timeout=0)

    def create_before(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.insert":
            service.incoming.put(name, DATA)

    service.incoming.before = create_before
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.text.partition(":")[0]) == (200, "stored")
    assert len(service.list_uploads()) == 1


async def test_attestations_and_signatures_are_ignored(service: MemoryUpload) -> None:
    fields = build_fields(WHEEL, DATA)
    body = encode_form(fields, WHEEL, DATA, {"attestations": "[{}]", "gpg_signature": "x"})
    assert (await service.send_form(body)).status == 200


async def test_a_readme_of_some_megabytes_is_read_and_dropped(service: MemoryUpload) -> None:
    response = await service.upload(WHEEL, DATA, {"description": "é" * 4_000_000})
    assert response.status == 200
    response = await service.upload(WHEEL, DATA, {"description": "é" * 5_000_000})
    assert "'description' has more than 8388608 bytes" in response.text


async def test_the_checks_have_the_limits_of_the_settings() -> None:
    service = MemoryUpload(max_file_size=100, listing_timeout=0)
    response = await service.upload(WHEEL, DATA)
    assert (response.status, response.text.partition(":")[0]) == (400, "too-large")


async def test_a_form_for_no_accepted_file_is_refused_at_its_length() -> None:
    service = MemoryUpload(max_file_size=100_000)
    length = 100_000 + 16 * 1024**2 + 1
    body = encode_form({":action": "file_upload"}, WHEEL, DATA)
    response = await service.send_form(body, {"content-length": str(length)})
    assert (response.status, response.text.partition(":")[0]) == (400, "too-large")
    assert f"the form has {length} bytes" in response.text
    assert service.list_uploads() == []


async def test_the_names_of_fields_are_short(service: MemoryUpload) -> None:
    response = await service.upload(WHEEL, DATA, {"x" * 256: "", "y" * 257: ""})
    assert (response.status, response.text.partition(":")[0]) == (400, "bad-form")
    assert "the name of the field 'yyy" in response.text
    assert (await service.upload(WHEEL, DATA, {"x" * 256: ""})).status == 200


async def test_an_sdist_is_accepted(service: MemoryUpload) -> None:
    service.publish(SDIST)
    response = await service.upload(SDIST, SDIST_BYTES)
    assert response.text == f"accepted: {SDIST} is installable from {INDEX_URL}acme/\n"


async def test_other_methods_name_the_addresses(service: MemoryUpload) -> None:
    response = await service.send("GET", "/legacy/", encode_login())
    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert f"install from {INDEX_URL}" in response.text


async def test_a_body_without_a_length_is_refused(service: MemoryUpload) -> None:
    response = await service.upload(WHEEL, DATA, headers={"content-length": "chunked"})
    assert (response.status, response.text.partition(":")[0]) == (411, "missing-length")


def test_the_address_of_an_upload_has_its_uploader() -> None:
    name = layout.locate_upload("acme", "run-1", WHEEL)
    assert layout.split_incoming_name(name) == ("acme", WHEEL)
    assert layout.split_run(name) == "run-1"
