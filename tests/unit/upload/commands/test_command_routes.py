"""Commands over HTTP: ``upload.commands``."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from cloud.errors import Unavailable
from cloud.ports import Headers
from schemas import layout
from schemas.events import ProjectCommand
from schemas.headers import JSON, NO_STORE
from testing.memory_upload import READ_ONLY, MemoryUpload, UploadResponse, encode_login
from testing.storage import Fault
from upload.commands.command_routes import MAX_COMMAND_SIZE

YANK: Mapping[str, object] = {
    "action": "yank",
    "project": "acme-tools",
    "version": "1.0",
    "reason": "broken",
}
ACME_ANSWER = f"acme.{'0' * 32}"


async def give(
    service: MemoryUpload, command: object, login: Mapping[str, str] | None = None
) -> UploadResponse:
    data = command if isinstance(command, bytes) else json.dumps(command).encode()
    return await service.send("POST", "/commands", login or encode_login(), [data])


async def read(
    service: MemoryUpload, command_id: str, login: Mapping[str, str] | None = None
) -> UploadResponse:
    return await service.send("GET", f"/commands/{command_id}", login or encode_login())


def answer(service: MemoryUpload, command_id: str) -> bytes:
    """Store an answer, as the indexer does."""
    data = json.dumps({"command_id": command_id}).encode()
    name = layout.locate_command_verdict(command_id)
    service.verdicts.write(name, data, Headers(JSON, NO_STORE), if_generation=0)
    return data


async def test_a_command_becomes_an_object_of_its_uploader() -> None:
    service = MemoryUpload()

    response = await give(service, YANK)

    (info,) = service.incoming.list()
    assert re.fullmatch(r"upload/acme/\d{8}T\d{6}Z-[0-9a-f]{8}/yank\.command\.json", info.name)
    stored = service.incoming.read(info.name)
    assert stored is not None
    assert ProjectCommand.decode(stored.data) == ProjectCommand.model_validate(YANK)
    assert info.metadata == {"holder": "ada"}
    command_id = layout.derive_command_id(info.name, info.generation)
    assert (response.status, json.loads(response.text)) == (
        202,
        {
            "command_id": command_id,
            "name": info.name,
            "generation": str(info.generation),
            "answer": f"/commands/{command_id}",
        },
    )
    assert response.headers["location"] == f"/commands/{command_id}"


@pytest.mark.parametrize(
    ("command", "uploaders", "fault"),
    [
        ({**YANK, "project": "beta"}, None, "'beta' is outside the scope of 'ada'"),
        ({**YANK, "action": "remove"}, None, "may not give the command remove"),
        (YANK, {}, "may not use the upload service"),
        (YANK, {"acme": ["acme-*"]}, "may not use the upload service"),
        (YANK, {"acme": {"projects": ["x"], "upload": True}}, "may not give commands"),
        (
            YANK,
            {"acme": {"projects": ["*"], "upload": True, "commands": []}},
            "may not give the command yank",
        ),
    ],
    ids=str,
)
async def test_a_command_without_the_right_is_refused(
    command: object, uploaders: object, fault: str
) -> None:
    settings: dict[str, Any] = {} if uploaders is None else {"uploaders": uploaders}
    service = MemoryUpload(**settings)
    response = await give(service, command)
    assert response.status == 403
    assert response.text.startswith("not-allowed: ")
    assert fault in response.text
    assert list(service.incoming.list()) == []


async def test_an_uploader_may_give_a_command_of_its_grant() -> None:
    grant = {"projects": ["acme-*"], "upload": True, "commands": ["remove"]}
    service = MemoryUpload(uploaders={"acme": grant})
    assert (await give(service, {**YANK, "action": "remove"})).status == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        {**YANK, "version": None},
        {**YANK, "filename": "acme_tools-1.0.tar.gz"},
        {**YANK, "action": "delete"},
        {**YANK, "project": "../x"},
        {**YANK, "command_id": "operators.1"},
        {**YANK, "issued_at": "2026-01-01T00:00:00Z"},
        {**YANK, "filenam": "x"},
        {**YANK, "reason": "x" * 501},
        {**YANK, "schema_version": 99},
    ],
    ids=repr,
)
async def test_a_body_that_is_no_command_is_refused(body: object) -> None:
    service = MemoryUpload()
    response = await give(service, body)
    assert (response.status, response.text.partition(":")[0]) == (400, "bad-command")
    assert list(service.incoming.list()) == []


async def test_a_large_body_is_refused() -> None:
    body = json.dumps({**YANK, "note": "x" * MAX_COMMAND_SIZE}).encode()
    response = await give(MemoryUpload(), body)
    assert (response.status, response.text.partition(":")[0]) == (400, "too-large")


async def test_commands_need_a_publishing_credential() -> None:
    service = MemoryUpload()
    assert (await service.send("POST", "/commands", {}, [b"{}"])).status == 401
    assert (await give(service, YANK, encode_login(READ_ONLY))).status == 403
    assert (await read(service, ACME_ANSWER, encode_login(READ_ONLY))).status == 404
    assert (await service.send("GET", f"/commands/{ACME_ANSWER}")).status == 401


async def test_a_failure_of_storage_is_a_fault_of_the_index() -> None:
    service = MemoryUpload()
    service.storage.faults.add(Fault(operation="objects.insert", bucket="incoming"))
    assert (await give(service, YANK)).status == 503


async def test_the_uploader_reads_the_answer() -> None:
    service = MemoryUpload()
    assert (await read(service, ACME_ANSWER)).status == 404
    data = answer(service, ACME_ANSWER)

    response = await read(service, ACME_ANSWER)
    assert (response.status, response.text.encode()) == (200, data)
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "command_id", [f"web.{'0' * 32}", f"acme.web.{'0' * 32}", f"operators.{'0' * 32}", "0" * 32]
)
async def test_the_answers_of_others_are_absent(command_id: str) -> None:
    service = MemoryUpload()
    answer(service, command_id)
    assert (await read(service, command_id)).status == 404


async def test_a_document_that_was_never_read_gives_503() -> None:
    service = MemoryUpload()
    service.tokens = Unavailable("secret")
    assert (await give(service, YANK)).status == 503
