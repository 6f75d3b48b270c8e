"""Space in the secret: revocations and joins always fit (``access.document_store``)."""

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from random import Random

import pytest

from access.document_store import RESERVE
from access.errors import SecretFull
from access.token_store import TokenStore
from cloud.secrets import MAX_SIZE
from schemas.tokens import Token, TokenDocument, hash_token
from schemas.types import format_time
from testing.fakes.examples import NOON
from testing.fakes.memory_secret import MemorySecret

MakeEntry = Callable[[int, Random], dict[str, object]]


def make_old_entry(number: int, random: Random) -> dict[str, object]:
    """Return an entry of gcpypi 0.2.0, which fills the whole secret with such entries."""
    return {
        "name": "n" * random.randint(1, 12),
        "sha256": hash_token(str(number)),
        "scopes": ["read"],
        "projects": ["*"],
        "created": format_time(NOON.replace(microsecond=123456)),
        "expires": None,
    }


def make_terse_entry(number: int, random: Random) -> dict[str, object]:
    """Return an entry in the shortest form, written by hand."""
    digest = hash_token(str(number))
    created = format_time(NOON).replace(".000000Z", "Z")
    return {"name": "n" * random.randint(1, 12), "sha256": digest, "created": created}


def fill(make_entry: MakeEntry, seed: int, size: int = MAX_SIZE) -> bytes:
    """Return a document that has no space for one more entry."""
    random = Random(seed)  # noqa: S311 - lengths of names
    entries, used = list[str](), len('{"schema_version":1,"tokens":[]}')
    while used <= size:
        entries.append(json.dumps(make_entry(len(entries), random), separators=(",", ":")))
        used += len(entries[-1]) + (len(entries) > 1)
    return f'{{"schema_version":1,"tokens":[{",".join(entries[:-1])}]}}'.encode()


def create_store(secret: MemorySecret) -> TokenStore:
    return TokenStore(secret, lambda: NOON)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make_entry", [make_old_entry, make_terse_entry])
def test_a_token_in_a_full_secret_can_be_revoked(seed: int, make_entry: MakeEntry) -> None:
    secret = MemorySecret(fill(make_entry, seed))
    create_store(secret).revoke(hash_token("0"))
    assert hash_token("0") not in list_live_digests(secret)


def list_live_digests(secret: MemorySecret) -> set[str]:
    return {token.sha256 for token in secret.read_tokens() if token.is_live(NOON)}


def make_same_name(number: int, random: Random) -> dict[str, object]:
    return {**make_old_entry(number, random), "name": "ci"}


def make_same_terse_name(number: int, random: Random) -> dict[str, object]:
    return {**make_terse_entry(number, random), "name": "ci"}


def test_all_tokens_of_a_full_secret_can_be_revoked_at_once() -> None:
    secret = MemorySecret(fill(make_same_name, 0))
    assert len(create_store(secret).revoke("ci")) == 363
    assert list_live_digests(secret) == set()
    assert len(secret.read_tokens()) == 363  # so joins with the live entries keep them revoked


def test_all_tokens_of_a_full_terse_secret_can_be_revoked_at_once() -> None:
    secret = MemorySecret(fill(make_same_terse_name, 0))
    assert len(create_store(secret).revoke("ci")) > 500
    assert list_live_digests(secret) == set()


def fill_by_creations(secret: MemorySecret) -> str:
    """Create tokens until the secret is full, and return the error."""
    try:
        while True:
            create_store(secret).create("ci")
    except SecretFull as error:
        return str(error)


def test_a_creation_leaves_a_reserve_and_the_error_names_the_remedy() -> None:
    secret = MemorySecret(fill(make_old_entry, 0, MAX_SIZE - RESERVE - 1000))
    error = fill_by_creations(secret)
    count, size = len(secret.read_tokens()), len(secret.versions[-1])
    assert MAX_SIZE - RESERVE - 200 < size <= MAX_SIZE - RESERVE
    assert error.startswith(
        f"the secret is full: {count + 1} tokens need {size + 173} bytes, the limit is 61440; "
        "revoke tokens that are not used any more"
    )


def test_all_tokens_of_a_secret_full_of_our_own_entries_can_be_revoked() -> None:
    entry = {**make_same_name(0, Random()), "created": "2026-11-24T12:00:00Z"}  # noqa: S311
    secret = MemorySecret(fill(lambda n, _: {**entry, "sha256": hash_token(str(n))}, 0, 60_000))
    fill_by_creations(secret)
    create_store(secret).revoke("ci")
    assert list_live_digests(secret) == set()
    assert len(secret.versions[-1]) < len(secret.versions[-2])


def test_concurrent_creations_use_the_reserve() -> None:
    secret = MemorySecret(fill(make_old_entry, 0, MAX_SIZE - RESERVE - 200))
    others = [f"other-{number}" for number in range(4)]

    def overtake(names: list[str]) -> None:
        secret.interruptions = [partial(overtake, names[1:])] if names[1:] else []
        create_store(secret).create(names[0])

    overtake(["ci", *others])
    assert secret.list_live_names() >= {"ci", *others}
    assert MAX_SIZE - RESERVE < len(secret.versions[-1]) <= MAX_SIZE


def test_a_creation_without_space_for_its_join_keeps_the_changes_of_others() -> None:
    secret = MemorySecret(fill(make_old_entry, 0, MAX_SIZE - RESERVE - 400))

    def fill_and_revoke() -> None:
        """Fill the reserve, as a program without a reserve does."""
        document, random = TokenDocument.read(secret.versions[-1]), Random(1)  # noqa: S311
        for number in itertools.count(1000):
            if len(document.encode()) > MAX_SIZE - 150:
                break
            entry = Token.model_validate(make_terse_entry(number, random))
            document = document.with_token(entry)
        secret.versions.append(document.encode())
        create_store(secret).revoke(hash_token("0"))

    secret.interruptions = [fill_and_revoke]
    with pytest.raises(SecretFull):
        create_store(secret).create("ci")
    assert hash_token("0") not in list_live_digests(secret)
    assert hash_token("1019") in list_live_digests(secret)
    assert "ci" not in secret.list_live_names()


def list_writers(secret: MemorySecret) -> Iterator[Callable[[], object]]:
    yield partial(create_store(secret).create, "new")
    yield partial(create_store(secret).revoke, "ci")
    yield partial(create_store(secret).revoke, hash_token("0"))


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("second", range(3))
def test_revocations_in_a_full_secret_win_against_concurrent_writers(
    first: int, second: int
) -> None:
    secret = MemorySecret(fill(make_same_name, 0))
    writers = list(list_writers(secret))

    def run(writer: Callable[[], object]) -> None:
        try:
            writer()
        except SecretFull:
            assert writer is writers[0]

    secret.interruptions = [partial(run, writers[second])]
    run(writers[first])
    for each in secret.interruptions:  # the first writer has not written
        each()
    live = list_live_digests(secret)
    if {first, second} - {0}:
        assert hash_token("0") not in live
    if 1 in (first, second):
        assert hash_token("1") not in live


def test_a_revoked_token_leaves_the_secret_after_a_day() -> None:
    secret = MemorySecret(fill(make_same_name, 0))
    create_store(secret).revoke("ci")
    TokenStore(secret, lambda: NOON + timedelta(days=1)).create("new")
    assert [token.name for token in secret.read_tokens()] == ["new"]
