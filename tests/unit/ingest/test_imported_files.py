"""Imported files: the prefix ``import/`` and the upload time of the source."""

from datetime import UTC, datetime, timedelta

import pytest

from checks.policy import Policy
from schemas.holders.grants import UploaderGrant
from schemas.types import format_time
from testing.fakes.examples import NOON
from unit.ingest.service import FILENAME, WHEEL, InMemoryIngest
from unit.ingest.test_closing import put_record
from unit.ingest.test_facts import reindex

NAME = f"import/20261128T120000Z/{FILENAME}"
STATED = datetime(2020, 3, 1, 8, 30, tzinfo=UTC)
TIME = "upload-time"
OLD = "acme-1.0-py2.py3-none-any.whl"
"""Another wheel of the release."""


def start(policy: Policy | None = None, closes_after: timedelta | None = None) -> InMemoryIngest:
    service = InMemoryIngest(policy=policy, release_closes_after=closes_after)
    service.incoming.now = NOON
    return service


def import_file(service: InMemoryIngest, stated: str | None, name: str = NAME) -> str:
    """Upload a file of an import and announce it; return the outcome or the reason."""
    claims = {} if stated is None else {TIME: stated}
    generation = service.upload(WHEEL, name, **claims)
    service.announce(name=name)
    verdict = service.read_verdict(generation, name)
    return verdict.reason or verdict.outcome


@pytest.mark.parametrize(
    "stated",
    [
        "2020-03-01T08:30:00Z",
        "2020-03-01T08:30:00.000000Z",
        "2020-03-01t08:30:00.0000009z",
        "2020-03-01 10:30:00+02:00",
    ],
)
def test_the_upload_time_of_the_source_is_believed_in_canonical_form(stated: str) -> None:
    service = start()

    assert import_file(service, stated) == "accepted"

    promoted = service.packages.stat(FILENAME)
    file = service.read_last_file()
    assert promoted is not None
    assert (file.upload_time, file.uploader, file.run) == (STATED, "import", "20261128T120000Z")
    assert promoted.metadata[TIME] == format_time(STATED) == "2020-03-01T08:30:00.000000Z"


def test_reindex_announces_the_same_facts() -> None:
    service = start()
    import_file(service, format_time(STATED))

    assert reindex(service) == [service.read_last_file()]


def test_a_repeated_delivery_has_the_same_result() -> None:
    service = start()
    import_file(service, format_time(STATED))
    before, file = service.read_buckets(), service.read_last_file()

    service.announce(name=NAME)

    assert (service.read_buckets(), service.read_last_file()) == (before, file)


def test_an_import_without_a_time_has_the_time_of_its_object() -> None:
    service = start()

    assert import_file(service, None) == "accepted"

    assert service.read_last_file().upload_time == NOON


def test_the_creation_of_the_object_is_the_latest_possible_time() -> None:
    service = start()

    assert import_file(service, format_time(NOON)) == "accepted"


@pytest.mark.parametrize(
    "stated",
    [
        format_time(NOON + timedelta(microseconds=1)),
        "9999-12-31T23:59:59-23:59",
        "2020-02-30T00:00:00Z",
        "2020-03-01T08:30:60Z",
        "2020-03-01T08:30:00",
        "2020-03-01",
        "1583051400",
        "",
        "٢٠٢٠-03-01T08:30:00Z",
    ],
)
def test_an_invalid_or_future_time_is_refused_and_nothing_is_promoted(stated: str) -> None:
    service = start()

    assert import_file(service, stated) == "bad-upload-time"

    assert service.packages.stat(FILENAME) is None
    assert service.accepted.messages == ()


def test_a_correct_time_is_accepted_after_a_refusal_under_a_new_run_id() -> None:
    service = start()
    import_file(service, "yesterday")

    assert import_file(service, format_time(STATED), f"import/2/{FILENAME}") == "accepted"


def test_the_time_stated_by_an_uploader_has_no_effect() -> None:
    service = start()
    for stated in (format_time(STATED), "yesterday"):
        name = f"ci/{len(stated)}/{FILENAME}"
        assert import_file(service, stated, name) == "accepted"
        assert service.read_last_file().upload_time == NOON


def test_the_rules_for_uploaders_do_not_restrict_an_import() -> None:
    service = start(Policy(uploaders={"ci": ("other",)}))

    assert import_file(service, None, f"ci/1/{FILENAME}") == "not-allowed"
    assert import_file(service, None) == "accepted"


def test_the_projects_of_the_index_restrict_an_import() -> None:
    assert import_file(start(Policy(allowed_projects=("other",))), None) == "reserved-name"


def test_a_command_under_the_prefix_of_imports_is_refused() -> None:
    for grants in (None, {"import": UploaderGrant(projects=("*",))}):
        service = InMemoryIngest(uploaders=grants)
        name = "import/1/yank.command.json"
        command = b'{"action": "yank", "project": "acme", "version": "1.0"}'
        generation = service.upload(command, name)
        service.announce(name=name)
        assert service.read_verdict(generation, name).reason == "not-allowed"
        assert service.commands.messages == ()


def test_a_release_closes_by_the_times_of_the_source() -> None:
    service = start(closes_after=timedelta(days=14))
    import_file(service, format_time(STATED))
    put_record(service)
    late, early = (format_time(STATED + timedelta(days=days)) for days in (15, 14))

    assert import_file(service, late, f"import/2/{OLD}") == "project-closed"
    assert import_file(service, early, f"import/3/{OLD}") == "accepted"
