"""Verdicts of the upload service against those of ingest, over the whole corpus."""

from dataclasses import asdict

import pytest

from checks.policy import Policy
from testing.corpus.case import Oddity, Refusal
from testing.corpus.everything import ODDITIES, REFUSALS
from testing.memory_upload import MemoryUpload, encode_form
from unit.ingest.service import InMemoryIngest

CASES: list[Refusal | Oddity] = [*REFUSALS, *ODDITIES]
FORM = {":action": "file_upload", "protocol_version": "1"}


def travels(filename: str) -> bool:
    """Return whether a form can have the file name: no line ends, and no path in it."""
    return not set(filename) & {"\r", "\n", "/", "\\", '"'}


def ask_ingest(case: Refusal | Oddity, policy: Policy) -> str:
    """Drop the file into the bucket; return the reason and the detail of the verdict."""
    ingest = InMemoryIngest(policy=policy)
    name = f"acme/run-1/{case.filename}"
    generation = ingest.upload(case.build(), name)
    ingest.announce(name=name)
    verdict = ingest.read_verdict(generation, name)
    return f"{verdict.reason}: {verdict.detail}" if verdict.reason else verdict.outcome


async def ask_service(case: Refusal | Oddity, policy: Policy) -> str:
    """Upload the file with a token for all projects; return the reason and the detail."""
    settings = {name: value for name, value in asdict(policy).items() if name != "uploaders"}
    service = MemoryUpload(projects=("*",), listing_timeout=0, **settings)
    response = await service.send_form(encode_form(FORM, case.filename, case.build()))
    assert len(service.list_uploads()) == (response.status == 200)
    return "accepted" if response.status == 200 else response.text.rstrip("\n")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_the_service_and_ingest_have_the_same_verdict(case: Refusal | Oddity) -> None:
    policy = case.policy if isinstance(case, Refusal) else Policy()
    if not travels(case.filename):
        service = await ask_service(case, policy)
        assert not service.startswith("accepted")
        return
    verdict = ask_ingest(case, policy)
    assert await ask_service(case, policy) == verdict
    assert (verdict == "accepted") == isinstance(case, Oddity)
