"""Results for each holder of a file name and each state of an upload (ADR 39).

The name can be free, or belong to this upload, to another upload with the same or other bytes, or
to an object that ingest did not promote.
"""

import hashlib
from collections.abc import Callable

import pytest

from checks.policy import Policy
from cloud.ports import Headers
from schemas import layout
from schemas.names import Filename, ProjectName
from schemas.verdict_documents import Verdict
from testing.fakes.examples import NOON
from unit.ingest.service import BINARY, FILENAME, NAME, OTHER, WHEEL, InMemoryIngest
from unit.ingest.test_closing import put_record

BROKEN = WHEEL[:100] + b"\0" + WHEEL[101:]
WRONG = "0" * 64
METADATA = b"Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n"
RECORD = layout.locate_record(ProjectName("acme"))

HOLDERS = ("none", "this upload", "same bytes", "other bytes", "by hand")
RESULTS = {
    "new": ("accepted", "accepted", "accepted", "exists", "exists"),
    "broken": ("zip-structure", "accepted", "accepted", "exists", "exists"),
    "closed": ("project-closed", "accepted", "accepted", "exists", "exists"),
    "broken and closed": ("project-closed", "accepted", "accepted", "exists", "exists"),
    "wrong digest": ("digest-mismatch", "accepted", *["digest-mismatch"] * 2, "exists"),
    "wrong digest and closed": ("digest-mismatch", "accepted", *["digest-mismatch"] * 2, "exists"),
    "wrong digest in the message": (*["digest-mismatch"] * 4, "exists"),
    "not granted": ("not-allowed", "accepted", *["not-allowed"] * 3),
    "absent": ("not-found", "accepted", *["not-found"] * 3),
    "deleted while it is read": ("not-found", "accepted", "not-found", "not-found", "exists"),
    "unreadable record": ("retried", "accepted", "accepted", "exists", "exists"),
    "newer record": ("retried", "accepted", "accepted", "exists", "exists"),
}
"""Results by the state of the upload, in the order of the holders."""
ROWS = [
    (state, holder, result)
    for state, results in RESULTS.items()
    for holder, result in zip(HOLDERS, results, strict=True)
]


def take_name(service: InMemoryIngest, holder: str, data: bytes, generation: int) -> None:
    """Put an object with the name into the packages bucket, like ingest or an operator."""
    if holder == "none":
        return
    content = data[:-1] + b"\1" if holder == "other bytes" else data
    mine = holder == "this upload"
    facts = {
        layout.SHA256: hashlib.sha256(content).hexdigest(),
        layout.UPLOAD_TIME: "2026-11-24T12:00:00.000000Z",
        layout.UPLOADER: "ci",
        layout.SOURCE_GENERATION: str(generation if mine else 1),
        layout.FILE_RULES: "1",
        layout.RUN: "42" if mine else "41",
    }
    headers = Headers(BINARY, "", {} if holder == "by hand" else facts)
    service.packages.put(FILENAME, content, headers)
    service.packages.put(layout.locate_core_metadata(Filename(FILENAME)), METADATA)


def delete_at_download(service: InMemoryIngest) -> None:
    def vanish(operation: str, bucket: str, name: str) -> None:
        if operation == "objects.download":
            service.incoming.before = None
            service.incoming.remove(NAME)

    service.incoming.before = vanish


PREPARATIONS: dict[str, Callable[[InMemoryIngest], object]] = {
    "closed": lambda service: put_record(service, "archived"),
    "broken and closed": lambda service: put_record(service, "archived"),
    "wrong digest and closed": lambda service: put_record(service, "archived"),
    "absent": lambda service: service.incoming.remove(NAME),
    "deleted while it is read": delete_at_download,
    "unreadable record": lambda service: service.metadata.put(RECORD, b"[]"),
    "newer record": lambda service: service.metadata.put(RECORD, b'{"schema_version": 2}'),
}


def upload(state: str, holder: str) -> tuple[InMemoryIngest, int]:
    """Upload a file with a taken name in the given state; return the generation."""
    grants = {"ci": ("other",)} if state == "not granted" else None
    service = InMemoryIngest(policy=Policy(uploaders=grants))
    data = BROKEN if state.startswith("broken") else WHEEL
    is_claim_wrong = state in ("wrong digest", "wrong digest and closed")
    claims = {layout.SHA256: WRONG} if is_claim_wrong else {}
    generation = service.upload(data, **claims)
    take_name(service, holder, data, generation)
    if prepare := PREPARATIONS.get(state):
        prepare(service)
    return service, generation


def announce(service: InMemoryIngest, generation: int, state: str = "") -> str:
    """Announce the upload; return its result, or that of the message."""
    claims = {"sha256": WRONG} if state == "wrong digest in the message" else {}
    if service.announce(generation=str(generation), **claims) == 500:
        return "retried"
    names = [info.name for info in service.verdicts.list()]
    is_decided = f"{NAME}/{generation}.json" in names
    verdict = service.read_verdict(generation) if is_decided else service.read_answer()
    assert is_decided == ("messages/77.json" not in names)
    return verdict.reason or verdict.outcome


@pytest.mark.parametrize(("state", "holder", "result"), ROWS)
def test_a_new_upload_is_decided_by_its_state_and_the_holder_of_its_name(
    state: str, holder: str, result: str
) -> None:
    service, generation = upload(state, holder)
    assert announce(service, generation, state) == result
    announced = (len(service.accepted.messages), len(service.refused.messages))
    assert announced == {"accepted": (1, 0), "retried": (0, 0)}.get(result, (0, 1))


def store_verdict(service: InMemoryIngest, generation: int, outcome: str) -> None:
    reason = {"reason": "startup-code"} if outcome == "refused" else {}
    verdict = Verdict.model_validate(
        {
            "outcome": outcome,
            "bucket": "incoming",
            "name": NAME,
            "generation": generation,
            "time": NOON,
            **reason,
        }
    )
    service.verdicts.put(layout.locate_verdict(NAME, generation), verdict.encode())


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("state", RESULTS)
def test_a_stored_refusal_is_final_for_each_state_and_holder(state: str, holder: str) -> None:
    service, generation = upload(state, holder)
    store_verdict(service, generation, "refused")
    assert announce(service, generation) == "startup-code"
    assert service.accepted.messages == ()


@pytest.mark.parametrize("state", RESULTS)
def test_an_accepted_file_is_announced_again_whatever_its_state_by_three_requests(
    state: str,
) -> None:
    service, generation = upload(state, "this upload")
    store_verdict(service, generation, "accepted")
    requests: list[str] = []
    for bucket in (service.incoming, service.packages, service.verdicts, service.metadata):
        bucket.before = lambda operation, bucket, name: requests.append(f"{operation} {name}")
    assert service.announce(generation=str(generation)) == 204
    assert requests == [
        f"objects.download {NAME}/{generation}.json",
        f"objects.get {FILENAME}",
        f"objects.download {FILENAME}.metadata",
    ]
    assert len(service.accepted.messages) == 1


@pytest.mark.parametrize("has_record", [False, True])
def test_a_new_file_costs_seven_requests_and_one_more_if_its_project_has_a_record(
    has_record: bool,
) -> None:
    service = InMemoryIngest()
    if has_record:
        put_record(service)
    generation = service.upload(OTHER)
    requests: list[str] = []
    for fake in (service.incoming, service.packages, service.verdicts, service.metadata):
        fake.before = lambda operation, bucket, name: requests.append(f"{operation} {bucket}")
    assert service.announce(generation=str(generation)) == 204
    assert requests == [
        "objects.download verdicts",
        "objects.get incoming",
        "objects.download incoming",
        "objects.get metadata",
        *(["objects.download metadata"] if has_record else []),
        "objects.rewrite packages",
        "objects.insert packages",
        "objects.insert verdicts",
    ]
