"""Claims of the id of an ID token, once in all instances."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from cloud.errors import PreconditionFailed, TooManyRequests, Unavailable
from cloud.ports import Headers, ObjectInfo, StoredObject
from schemas import layout
from testing.fakes.memory_ports import MemoryBucket
from upload.minting.used_id_tokens import UsedIdTokens

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
GITHUB = "https://token.actions.githubusercontent.com"


def test_only_the_first_claim_succeeds() -> None:
    bucket = MemoryBucket("verdicts")

    assert UsedIdTokens(bucket).claim(GITHUB, "a", "ci", NOON)
    assert not UsedIdTokens(bucket).claim(GITHUB, "a", "ci", NOON)
    assert UsedIdTokens(bucket).claim(GITHUB, "b", "ci", NOON)
    assert UsedIdTokens(bucket).claim("https://gitlab.com", "a", "ci", NOON)


def test_one_of_many_claims_at_once_succeeds() -> None:
    used = UsedIdTokens(MemoryBucket("verdicts"))
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: used.claim(GITHUB, "a", "ci", NOON), range(8)))
    assert claims.count(True) == 1


@pytest.mark.parametrize("jti", ["../../x", "a" * 10_000, "\n", "\ud800", "é"])
def test_any_jti_gives_a_name_under_the_prefix(jti: str) -> None:
    name = layout.locate_used_id_token(GITHUB, jti)
    assert name.startswith("jti/")
    assert len(name) == len("jti/") + 64


class LossyBucket(MemoryBucket):
    """Bucket whose response to a write is lost, so that the library repeats the write."""

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        super().write(name, data, headers, if_generation=if_generation)
        raise PreconditionFailed(name)


def test_a_lost_response_to_the_own_write_is_no_other_claim() -> None:
    bucket = LossyBucket("verdicts")
    assert UsedIdTokens(bucket).claim(GITHUB, "a", "ci", NOON)
    assert not UsedIdTokens(bucket).claim(GITHUB, "a", "ci", NOON)


class BusyBucket(MemoryBucket):
    """Bucket that answers 429 to every write."""

    def write(self, name: str, data: bytes, headers: Headers, *, if_generation: int) -> ObjectInfo:
        raise TooManyRequests(name)


def test_a_busy_bucket_without_a_claim_is_a_fault_of_the_index() -> None:
    with pytest.raises(TooManyRequests):
        UsedIdTokens(BusyBucket("verdicts")).claim(GITHUB, "a", "ci", NOON)


class BucketWithoutReads(LossyBucket):
    """Bucket that fails after the write."""

    def read(self, name: str) -> StoredObject | None:
        raise Unavailable(name)


def test_an_unknown_result_is_a_fault_of_the_index() -> None:
    with pytest.raises(Unavailable):
        UsedIdTokens(BucketWithoutReads("verdicts")).claim(GITHUB, "a", "ci", NOON)
