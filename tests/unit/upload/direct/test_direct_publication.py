"""Tests of ``upload.direct``: reserve and finalize with the form of uv."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from cloud.errors import Unavailable
from cloud.ports import Headers
from schemas import layout
from schemas.names import ProjectName
from schemas.verdict_documents import Verdict
from testing.memory_upload import READ_ONLY, MemoryUpload, UploadResponse, encode_login
from testing.storage import Fault

FILE = "acme_tool-1.0-py3-none-any.whl"
DIGEST, OTHER = "ab" * 32, "cd" * 32
NAME = f"upload/acme/direct-{DIGEST}/{FILE}"
UV = {"user-agent": "uv/0.12.6"}
FORM = {
    ":action": "file_upload",
    "sha256_digest": DIGEST,
    "blake2_256_digest": "ef" * 32,
    "protocol_version": "1",
    "metadata_version": "2.1",
    "name": "acme-tool",
    "version": "1.0",
    "filetype": "bdist_wheel",
    "pyversion": "py3",
    "description": "A README. " * 50_000,
    "requires_python": "",
    "filename": FILE,
}
"""Form of uv 0.12.6."""
ANY = Headers("application/octet-stream", "")


def encode_form(fields: Mapping[str, str], boundary: str = "b0undary") -> bytes:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()


@dataclass
class Client:
    """Client of direct publication, with the steps of ingest, indexer and publisher as methods."""

    service: MemoryUpload = field(default_factory=lambda: MemoryUpload(listing_timeout=0))

    async def post(
        self,
        path: str,
        changes: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> UploadResponse:
        """Send the form of uv with changed fields; None removes a field."""
        form = {k: v for k, v in {**FORM, **(changes or {})}.items() if v is not None}
        data = encode_form(form) if body is None else body
        fields = {"content-type": "multipart/form-data; boundary=b0undary", **encode_login(), **UV}
        chunks = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]
        return await self.service.send("POST", path, {**fields, **(headers or {})}, chunks)

    async def reserve(self, **changes: str | None) -> UploadResponse:
        return await self.post("/legacy/reserve", changes)

    async def finalize(self, **changes: str | None) -> UploadResponse:
        return await self.post("/legacy/finalize", changes)

    def put(self, name: str = NAME) -> int:
        """Store the object as Cloud Storage does after the PUT; return its generation."""
        return self.service.incoming.write(name, b"data", ANY, if_generation=0).generation

    def judge(self, generation: int, name: str = NAME, **facts: object) -> None:
        """Store a verdict of ingest."""
        verdict = Verdict.model_validate(
            {
                "bucket": "incoming",
                "name": name,
                "generation": generation,
                "time": "2026-11-28T12:00:00Z",
                **facts,
            }
        )
        self.service.verdicts.put(
            layout.locate_verdict(name, generation), verdict.model_dump_json().encode()
        )

    def refuse(self, generation: int, name: str = NAME) -> None:
        detail = "WHEEL is missing: build the wheel again"
        self.judge(generation, name, outcome="refused", reason="bad-wheel", detail=detail)

    def publish(self, sha256: str = DIGEST) -> None:
        """Write the project's page with the file."""
        file = {"filename": FILE, "hashes": {"sha256": sha256}}
        page = json.dumps({"name": "acme-tool", "files": [file]}).encode()
        self.service.static.put(layout.locate_project_json(ProjectName("acme-tool")), page)


@pytest.fixture
def client() -> Client:
    return Client()


async def test_a_reservation_has_a_signed_url_for_exactly_these_bytes(client: Client) -> None:
    response = await client.reserve()
    fields = {
        "x-goog-content-length-range": f"0,{2 * 1024**3}",
        "x-goog-if-generation-match": "0",
        "x-goog-meta-sha256": DIGEST,
        "x-goog-meta-holder": "ada",
    }
    assert response.status == 201
    assert json.loads(response.text) == {
        "upload_url": f"https://storage.example/incoming/{NAME}",
        "upload_headers": fields,
    }
    signed = {**fields, "content-type": "application/octet-stream"}
    assert client.service.url_signer.signed == {NAME: signed}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/legacy/reserve", "/legacy//reserve"])
async def test_uv_keeps_the_slash_at_the_end_of_the_publish_url(client: Client, path: str) -> None:
    assert (await client.post(path)).status == 201


async def test_a_repeated_reservation_has_the_same_name(client: Client) -> None:
    first, second = await client.reserve(), await client.reserve(sha256_digest=DIGEST.upper())
    assert first.text == second.text


async def test_other_bytes_have_another_name(client: Client) -> None:
    await client.reserve()
    await client.reserve(sha256_digest=OTHER)
    assert len(client.service.url_signer.signed) == 2


async def test_a_put_whose_response_was_lost_is_found(client: Client) -> None:
    await client.reserve()
    client.put()
    response = await client.reserve()
    assert (response.status, json.loads(response.text)["upload_url"]) == (201, None)
    assert client.service.url_signer.signed.keys() == {NAME}


async def test_a_published_file_is_not_uploaded_again(client: Client) -> None:
    client.publish()
    response = await client.reserve()
    assert (response.status, response.text) == (200, f"{FILE} is already published\n")


@pytest.mark.parametrize("step", ["reserve", "finalize"])
async def test_other_bytes_on_the_page_are_a_conflict(client: Client, step: str) -> None:
    client.publish(OTHER)
    client.put()
    response = await client.post(f"/legacy/{step}")
    assert (response.status, "already exists with other bytes" in response.text) == (409, True)


async def test_other_bytes_under_a_removed_name_are_a_conflict(client: Client) -> None:
    client.service.packages.put(FILE, b"", Headers("", "", {"sha256": OTHER}))
    assert (await client.reserve()).status == 409


async def test_a_promoted_file_that_is_not_listed_yet_can_be_reserved(client: Client) -> None:
    client.service.packages.put(FILE, b"", Headers("", "", {"sha256": DIGEST}))
    assert (await client.reserve()).status == 201


async def test_a_refused_file_is_uploaded_under_the_next_name(client: Client) -> None:
    client.refuse(client.put())
    second = f"upload/acme/direct-{DIGEST}-1/{FILE}"
    response = await client.reserve()
    assert json.loads(response.text)["upload_url"].endswith(second)
    assert (await client.finalize()).status == 400
    client.judge(client.put(second), second, outcome="accepted")
    assert json.loads((await client.reserve()).text)["upload_url"] is None
    client.publish()
    assert (await client.finalize()).status == 200


async def test_a_file_is_refused_sixteen_times_at_most(client: Client) -> None:
    for attempt in range(16):
        name = f"upload/acme/direct-{DIGEST}{f'-{attempt}' if attempt else ''}/{FILE}"
        client.refuse(client.put(name), name)
    response = await client.reserve()
    assert (response.status, response.text.partition(":")[0]) == (400, "bad-wheel")


async def test_a_listed_file_is_final(client: Client) -> None:
    client.put()
    client.publish()
    response = await client.finalize()
    assert (response.status, response.text) == (200, f"{FILE} is published\n")


async def test_the_answer_waits_for_the_page() -> None:
    client = Client(MemoryUpload(listing_timeout=60))
    client.judge(client.put(), outcome="accepted")
    looks = []

    def write_page(operation: str, bucket: str, name: str) -> None:
        looks.append(name)
        if len(looks) == 3:
            client.publish()

    client.service.static.before = write_page
    response = await client.finalize()
    assert (response.status, response.text, len(looks)) == (200, f"{FILE} is published\n", 4)


async def test_a_failure_during_the_wait_is_no_failure_of_the_upload() -> None:
    client = Client(MemoryUpload(listing_timeout=2))
    client.judge(client.put(), outcome="accepted")
    looks = []

    def fail(operation: str, bucket: str, name: str) -> None:
        looks.append(name)
        if len(looks) > 1:
            raise Unavailable(name)

    client.service.static.before = fail
    response = await client.finalize()
    assert (response.status, "is accepted and not listed yet" in response.text) == (200, True)


async def test_a_refusal_is_a_problem_with_the_reason_of_ingest(client: Client) -> None:
    client.refuse(client.put())
    response = await client.finalize()
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(response.text) == {
        "title": "Bad Request",
        "status": 400,
        "detail": "bad-wheel: WHEEL is missing: build the wheel again",
        "reason": "bad-wheel",
    }


async def test_without_a_verdict_the_answer_says_where_it_will_be(client: Client) -> None:
    generation = client.put()
    response = await client.finalize()
    where = f"gs://verdicts/{NAME}/{generation}.json"
    text = f"{FILE} is received and not checked yet. The verdict: {where}\n"
    assert (response.status, response.text) == (200, text)


async def test_an_accepted_file_without_a_page_is_named_so(client: Client) -> None:
    client.judge(client.put(), outcome="accepted")
    response = await client.finalize()
    assert (response.status, "is accepted and not listed yet" in response.text) == (200, True)


async def test_a_file_that_never_came_is_refused(client: Client) -> None:
    await client.reserve()
    response = await client.finalize()
    assert (response.status, json.loads(response.text)["reason"]) == (400, "missing-upload")


async def test_the_service_may_not_list_incoming_so_forbidden_means_absent(client: Client) -> None:
    client.service.incoming.fault(Fault(bucket="incoming", status=403, times=None))
    assert (await client.reserve()).status == 201


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"filename": None}, 400, "bad-form: the form has no field filename"),
        ({"sha256_digest": None}, 400, "bad-form: the form needs a field sha256_digest"),
        ({"sha256_digest": "ab"}, 400, "bad-form: the form needs a field sha256_digest"),
        ({":action": "submit"}, 400, "bad-form: the form needs the field :action"),
        ({"filename": "../acme_tool-1.0-py3-none-any.whl"}, 400, "bad-filename: "),
        ({"filename": "acme_tool-1.0.zip"}, 400, "bad-filename: "),
        ({"name": "other"}, 400, "claim-mismatch: the form has name='other'"),
        ({"version": "1.1"}, 400, "claim-mismatch: the form has version='1.1'"),
        ({"filetype": "sdist"}, 400, "claim-mismatch: the form has filetype='sdist'"),
        (
            {"filename": "zeta-1.0-py3-none-any.whl"},
            403,
            "not-allowed: 'zeta' is outside the scope",
        ),
    ],
)
@pytest.mark.parametrize("step", ["reserve", "finalize"])
async def test_a_wrong_form_is_refused(
    client: Client, step: str, changes: dict[str, str | None], status: int, text: str
) -> None:
    response = await client.post(f"/legacy/{step}", changes, {"user-agent": "curl/8"})
    assert (response.status, response.text[: len(text)]) == (status, text)
    assert client.service.url_signer.signed == {}


async def test_a_refused_reservation_is_a_sentence_also_for_uv(client: Client) -> None:
    response = await client.reserve(version="2")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_form_with_a_file_is_refused(client: Client) -> None:
    response = await client.reserve(content="data")
    assert (response.status, "send its bytes to upload_url" in response.text) == (400, True)


async def test_a_large_form_is_refused(client: Client) -> None:
    extra = {f"keywords{number}": "x" * 1_000_000 for number in range(17)}
    response = await client.reserve(**extra)
    assert (response.status, "larger than 16777216 bytes" in response.text) == (400, True)


async def test_an_incomplete_form_is_refused(client: Client) -> None:
    response = await client.post("/legacy/reserve", body=encode_form(FORM)[:-20])
    assert (response.status, response.text.partition(":")[0]) == (400, "bad-form")


@pytest.mark.parametrize("step", ["reserve", "finalize"])
async def test_a_credential_without_the_scope_does_not_publish(client: Client, step: str) -> None:
    response = await client.post(f"/legacy/{step}", headers=encode_login(READ_ONLY))
    assert (response.status, "not-allowed" in response.text) == (403, True)


@pytest.mark.parametrize("step", ["reserve", "finalize"])
async def test_a_request_without_a_credential_is_refused(client: Client, step: str) -> None:
    response = await client.post(f"/legacy/{step}", headers={"authorization": ""})
    assert response.status == 401


async def test_an_uploader_without_the_right_to_upload_is_refused() -> None:
    grants = {"acme": {"projects": ["acme-*"]}}
    response = await Client(MemoryUpload(uploaders=grants)).reserve()
    assert (response.status, "(UPLOADERS)" in response.text) == (403, True)


async def test_a_failed_signature_is_unavailable(client: Client) -> None:
    client.service.url_signer.error = Unavailable("gs://incoming", "cannot sign the URL")
    response = await client.reserve()
    assert (response.status, response.headers["retry-after"]) == (503, "5")


async def test_an_unreadable_page_is_unavailable(client: Client) -> None:
    broken = f'{{"{FILE}"'.encode()
    client.service.static.put(layout.locate_project_json(ProjectName("acme-tool")), broken)
    assert (await client.reserve()).status == 503
