"""Identities of a version of the secret, and their ID tokens.

Tested modules: ``access.identities.identity_set``, ``access.identities.id_token_holders``.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from access.errors import InvalidIdToken
from access.identities import id_token_holders
from access.identities.id_token_holders import IdTokenHolders
from access.identities.id_tokens import IdTokenVerifier
from access.identities.identity_set import IdentitySet
from access.identities.issuer_keys import IssuerKeys
from access.identities.json_web_keys import IssuerKeySet
from schemas.identities import OidcIdentity
from testing.fakes.examples import NOON
from testing.memory_proxy import Clock

ISSUER = "https://ci.example"
CLAIMS = {"iss": ISSUER, "project_id": "7", "ref": "refs/heads/main"}


def make_identity(name: str, **facts: object) -> OidcIdentity:
    defaults = {"issuer": ISSUER, "claims": {"project_id": "7"}, "created": NOON}
    return OidcIdentity.model_validate({"name": name, **defaults, **facts})


def find_name(identities: IdentitySet, now: datetime = NOON) -> str | None:
    found = identities.find(CLAIMS, now)
    return found.name if found else None


def test_of_several_identities_the_most_specific_counts_and_then_the_newest() -> None:
    broad = make_identity("broad", created=NOON + timedelta(hours=1))
    narrow = make_identity("narrow", claims={"project_id": "7", "ref": "refs/heads/*"})
    newer = make_identity("newer", claims=narrow.claims, created=NOON + timedelta(hours=1))
    for order in ([broad, narrow, newer], [newer, narrow, broad]):
        assert find_name(IdentitySet(order)) == "newer"
    assert find_name(IdentitySet([broad, narrow])) == "narrow"
    assert find_name(IdentitySet([broad])) == "broad"
    assert find_name(IdentitySet()) is None


def test_a_removed_identity_never_matches_even_if_the_clock_is_behind() -> None:
    removed = make_identity("removed", created=NOON + timedelta(hours=1)).revoke(NOON)
    other = make_identity("other")
    assert find_name(IdentitySet([removed, other]), NOON - timedelta(minutes=1)) == "other"
    identities = IdentitySet([removed])
    assert find_name(identities, NOON - timedelta(minutes=1)) is None
    assert identities.issuers == frozenset()


def test_an_identity_ends_at_its_expiry() -> None:
    identities = IdentitySet([make_identity("a", expires=NOON)])
    assert find_name(identities, NOON - timedelta(microseconds=1)) == "a"
    assert find_name(identities, NOON) is None


def test_an_unsafe_identity_of_a_document_never_matches(caplog: pytest.LogCaptureFixture) -> None:
    unsafe = make_identity("everyone", claims={"ref": "refs/heads/main"})
    identities = IdentitySet([unsafe, make_identity("insecure", issuer="http://ci.example")])
    assert find_name(identities) is None
    assert identities.issuers == frozenset()
    assert [(each.levelno, each.args) for each in caplog.records] == [
        (logging.WARNING, ("everyone", unsafe.find_fault())),
        (
            logging.WARNING,
            (
                "insecure",
                "the issuer 'http://ci.example' should be a URL https://HOST without query and "
                "credentials",
            ),
        ),
    ]


class StubVerifier(IdTokenVerifier):
    """Verifier that accepts every ID token but ``bad``, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.claims: Mapping[str, object] = {**CLAIMS, "exp": (NOON.timestamp()) + 60}

    async def verify(self, token: str) -> Mapping[str, object]:
        self.count += 1
        if token == "bad":
            raise InvalidIdToken("bad")
        return self.claims


class Holders:
    """Holders of ID tokens, with a manual clock."""

    def __init__(self) -> None:
        self.verifier, self.now = StubVerifier(), NOON
        self.keys = IssuerKeys(_fetch_nothing, Clock())
        self.holders = IdTokenHolders(self.verifier, self.keys, lambda: self.now)

    async def find(self, identities: IdentitySet, credential: str = "a") -> str | None:
        found = await self.holders.find(credential, identities)
        return found.name if found else None


async def _fetch_nothing(issuer: str) -> IssuerKeySet:
    raise AssertionError(issuer)


async def test_an_id_token_is_verified_once() -> None:
    holders, identities = Holders(), IdentitySet([make_identity("a")])
    assert [await holders.find(identities) for _ in range(3)] == ["a"] * 3
    assert holders.verifier.count == 1


async def test_the_result_ends_with_the_id_token() -> None:
    holders, identities = Holders(), IdentitySet([make_identity("a")])
    await holders.find(identities)
    holders.now += timedelta(seconds=60)
    await holders.find(identities)
    assert holders.verifier.count == 2


async def test_the_result_ends_with_the_identity() -> None:
    holders = Holders()
    identities = IdentitySet([make_identity("a", expires=NOON + timedelta(seconds=30))])
    assert await holders.find(identities) == "a"
    holders.now += timedelta(seconds=30)
    assert await holders.find(identities) is None


async def test_the_result_ends_with_the_version_of_the_secret() -> None:
    holders = Holders()
    assert await holders.find(IdentitySet([make_identity("a")])) == "a"
    assert await holders.find(IdentitySet()) is None
    assert await holders.find(IdentitySet([make_identity("b")])) == "b"
    assert holders.verifier.count == 3


async def test_a_negative_result_is_not_kept() -> None:
    holders, identities = Holders(), IdentitySet([make_identity("a")])
    for _ in range(2):
        with pytest.raises(InvalidIdToken):
            await holders.find(identities, "bad")
    holders.verifier.claims = {}
    assert [await holders.find(identities) for _ in range(2)] == [None, None]
    assert holders.verifier.count == 4


async def test_the_number_of_results_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_token_holders, "MAX_RESULTS", 3)
    holders, identities = Holders(), IdentitySet([make_identity("a")])
    for number in range(5):
        await holders.find(identities, str(number))
    await holders.find(identities, "4")
    assert holders.verifier.count == 5
    await holders.find(identities, "0")
    assert holders.verifier.count == 6
