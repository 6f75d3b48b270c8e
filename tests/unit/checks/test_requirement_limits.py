"""Limits of Requires-Dist (`checks.metadata.project`)."""

import pytest

from checks.distribution import check_name, read_core_metadata
from checks.findings import Findings
from checks.metadata.project import check_project
from checks.policy import Policy
from checks.refusal import Reason, Refused
from testing.corpus.wheels import FILENAME, make_metadata


def _make(count: int, length: int) -> bytes:
    return make_metadata(*["Requires-Dist: " + "x" * length] * count)


def _check(metadata: bytes, reason: Reason = Reason.BAD_METADATA) -> None:
    name = check_name(FILENAME, Policy(), None)
    facts = read_core_metadata(metadata, reason)
    check_project(facts, name, Policy(), Findings(strict=True), reason)


@pytest.mark.parametrize("reason", [Reason.BAD_METADATA, Reason.SDIST_METADATA])
@pytest.mark.parametrize(
    ("count", "length", "fault"),
    [
        (2001, 1, "2001 requirements; the limit is 2000"),
        (48_000, 10, "48000 requirements; the limit is 2000"),
        (1024, 65, "66560 bytes of requirements; the limit is 65536"),
    ],
)
def test_too_many_requirements_are_refused(
    count: int, length: int, fault: str, reason: Reason
) -> None:
    with pytest.raises(Refused) as refused:
        _check(_make(count, length), reason)
    member = "METADATA" if reason is Reason.BAD_METADATA else "PKG-INFO"
    assert (refused.value.reason, refused.value.detail) == (
        reason,
        f"{member}: Requires-Dist: {fault}. Require fewer projects, or split the project.",
    )


@pytest.mark.parametrize(("count", "length"), [(2000, 32), (1024, 64)])
def test_as_many_requirements_as_the_limit_are_accepted(count: int, length: int) -> None:
    _check(_make(count, length))


def test_the_facts_of_a_promoted_file_have_no_limit() -> None:
    assert len(read_core_metadata(_make(2001, 1)).requires_dist) == 2001
