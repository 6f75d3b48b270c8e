"""Rights of the holders of publishing credentials are equal at each address."""

import hashlib
import json

import pytest

from testing.fakes.small_wheels import build_wheel
from testing.memory_upload import PUBLISHER, MemoryUpload, UploadResponse, build_fields, encode_form

WHEEL = "acme-1.0-py3-none-any.whl"
DATA = build_wheel("acme")
ADDRESSES = ("/legacy/", "/legacy/reserve", "/legacy/finalize", "/commands")


def set_entry(service: MemoryUpload, **facts: object) -> None:
    """Replace the document of publishing tokens by one entry."""
    entry = {
        "name": "ada",
        "sha256": hashlib.sha256(PUBLISHER.encode()).hexdigest(),
        "created": "2026-11-01T00:00:00Z",
        "scopes": ["publish"],
        **facts,
    }
    service.tokens = json.dumps({"tokens": [entry]}).encode()


async def call(service: MemoryUpload, address: str) -> UploadResponse:
    """Send a valid request to one address."""
    if address == "/legacy/":
        return await service.upload(WHEEL, DATA)
    command = {"action": "yank", "project": "acme", "version": "1.0", "reason": "broken"}
    form = encode_form({**build_fields(WHEEL, DATA), "filename": WHEEL})
    return await service.post(address, json.dumps(command).encode() if "comm" in address else form)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "uploader", ["acme/other", "operators", "import", "upload", "..", "a b", "", None]
)
async def test_an_uploader_that_ingest_would_not_recognise_is_refused(
    address: str, uploader: str | None
) -> None:
    service = MemoryUpload(listing_timeout=0)
    set_entry(service, uploader=uploader)

    response = await call(service, address)

    assert response.status == 403
    assert "not-allowed: the token of 'ada' has no scope publish with a valid" in response.text
    assert service.list_uploads() == []
    assert service.url_signer.signed == {}


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_project_outside_the_scope_has_one_answer(address: str) -> None:
    service = MemoryUpload(listing_timeout=0)
    set_entry(service, uploader="acme", projects=["other"])

    response = await call(service, address)

    assert response.status == 403
    assert "not-allowed: 'acme' is outside the scope of 'ada'" in response.text
