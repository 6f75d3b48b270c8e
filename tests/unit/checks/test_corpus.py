"""Every archive of the corpus has the expected result, in chunks of several sizes."""

import pytest

from checks.distribution import check_name, verify
from checks.policy import Policy
from checks.refusal import Refused
from testing.corpus.archive import split_chunks
from testing.corpus.case import Oddity, Refusal
from testing.corpus.everything import ODDITIES, REFUSALS

CHUNK_SIZES = (1, 7, 64 * 1024)
SLOW = 100_000
"""Size above which archives are not read byte by byte."""


def _get_title(case: Refusal | Oddity) -> str:
    return case.title


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case.reason}: {case.title}")
def test_a_hostile_archive_is_refused_with_exactly_its_code(case: Refusal) -> None:
    data = case.build()
    for size in CHUNK_SIZES:
        if len(data) > SLOW and size == 1:
            continue
        with pytest.raises(Refused) as refused:
            verify(
                check_name(case.filename, case.policy, None),
                split_chunks(data, size),
                case.policy,
                len(data),
            )
        assert refused.value.reason == case.reason, refused.value.detail
        assert case.detail in refused.value.detail


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case.reason}: {case.title}")
def test_a_hostile_archive_is_refused_with_that_code_without_its_size(case: Refusal) -> None:
    with pytest.raises(Refused) as refused:
        verify(check_name(case.filename, case.policy, None), [case.build()], case.policy)
    assert refused.value.reason == case.reason


@pytest.mark.parametrize("case", ODDITIES, ids=_get_title)
def test_an_unusual_archive_passes_with_exactly_its_warnings(case: Oddity) -> None:
    data = case.build()
    for size in CHUNK_SIZES:
        name = check_name(case.filename, Policy(), None)
        verified = verify(name, split_chunks(data, size), Policy(), len(data))
        assert len(verified.warnings) == len(case.warnings), verified.warnings
        for warning, start in zip(verified.warnings, case.warnings, strict=True):
            assert warning.startswith(start)


def test_titles_are_unique() -> None:
    titles = [(case.reason, case.title) for case in REFUSALS]
    assert sorted(set(titles)) == sorted(titles)
