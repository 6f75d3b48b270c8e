"""Minted tokens, their verification, and the published keys."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from access.authentication import is_id_token
from access.errors import InvalidIdToken
from cloud.errors import CloudError, Unavailable
from local.stand_ins.iam_credentials import SigningKey
from schemas.identities import OidcIdentity
from testing.fakes.account_signer import MemorySigner
from upload.minting.minted_tokens import EntryReference, MintedTokens

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
AUDIENCE = "https://upload.example/legacy/"
CI = OidcIdentity(
    name="acme-ci",
    issuer="https://token.actions.githubusercontent.com",
    claims={"repository_id": "42", "environment": "pypi"},
    scopes=("publish",),
    uploader="acme",
    created=NOON,
)


@dataclass
class Mint:
    """Minted tokens of a service account at a time that a test moves."""

    signer: MemorySigner = field(default_factory=MemorySigner)
    now: datetime = NOON
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        self.tokens = MintedTokens(AUDIENCE, self.signer, lambda: self.now, lambda: self.seconds)

    def sign(self, **claims: object) -> str:
        """Return a token with other claims than a minted one. None removes a claim."""
        account = self.signer.account
        fixed: Mapping[str, object] = {
            "iss": account,
            "sub": account,
            "aud": AUDIENCE,
            "exp": int((self.now + timedelta(minutes=15)).timestamp()),
            "identity": "acme-ci",
            "entry": "0" * 64,
        }
        changed = {name: value for name, value in {**fixed, **claims}.items() if value is not None}
        return self.signer.sign(changed)


@pytest.fixture
def mint() -> Mint:
    return Mint()


async def test_a_minted_token_refers_to_the_entry_of_its_identity(mint: Mint) -> None:
    minted = await mint.tokens.mint(CI)

    assert await mint.tokens.verify(minted.value) == EntryReference.from_identity(CI)
    assert minted.expires == NOON + timedelta(minutes=15)
    assert is_id_token(minted.value)
    assert minted.value not in repr(minted)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"claims": {"repository_id": "43", "environment": "pypi"}},
        {"issuer": "https://gitlab.example"},
        {"created": NOON + timedelta(seconds=1)},
    ],
    ids=str,
)
def test_another_entry_has_another_reference(changes: dict[str, object]) -> None:
    other = CI.model_copy(update=changes)
    assert EntryReference.from_identity(other) != EntryReference.from_identity(CI)


def test_the_reference_survives_a_change_of_the_scope() -> None:
    narrower = CI.model_copy(update={"projects": ("acme-a",), "expires": NOON})
    assert EntryReference.from_identity(narrower) == EntryReference.from_identity(CI)


async def test_a_minted_token_ends_after_15_minutes(mint: Mint) -> None:
    minted = await mint.tokens.mint(CI)

    mint.now = minted.expires - timedelta(microseconds=1)
    await mint.tokens.verify(minted.value)
    mint.now = minted.expires
    with pytest.raises(InvalidIdToken, match="has expired"):
        await mint.tokens.verify(minted.value)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://index.example/simple/"},
        {"aud": [AUDIENCE, "https://other.example"]},
        {"aud": None},
        {"iss": "other@acme.iam.gserviceaccount.com"},
        {"iss": None},
        {"sub": "other@acme.iam.gserviceaccount.com"},
        {"sub": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"identity": None},
        {"identity": ["acme-ci"]},
    ],
    ids=str,
)
async def test_other_tokens_of_the_service_account_are_no_minted_tokens(
    mint: Mint, claims: dict[str, object]
) -> None:
    """The account signs other JWTs too, for example for its own requests to Google."""
    await mint.tokens.verify(mint.sign())
    with pytest.raises(InvalidIdToken):
        await mint.tokens.verify(mint.sign(**claims))


def encode(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_a_token_with_another_signature_is_refused(mint: Mint) -> None:
    header, payload, signature = mint.sign().split(".")
    kid = mint.signer.key.id
    unsigned = encode({"alg": "none", "kid": kid})
    public = json.dumps(mint.signer.key.describe()).encode()
    symmetric = encode({"alg": "HS256", "kid": kid})
    mac = encode(hmac.digest(public, f"{symmetric}.{payload}".encode(), "sha256"))
    foreign = SigningKey().sign_jwt(base64.urlsafe_b64decode(f"{payload}==").decode())
    broken = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")

    for token in (
        f"{unsigned}.{payload}.",
        f"{symmetric}.{payload}.{mac}",
        f"{header}.{payload}.{broken}",
        f"{foreign}",
        f"{header.replace('e', 'f', 1)}.{payload}.{signature}",
        f"{encode({'alg': 'RS256', 'kid': ['x']})}.{payload}.{signature}",
        f"{encode({'alg': 'RS256'})}.{payload}.{signature}",
        f"{encode([])}.{payload}.{signature}",
        f"{header}.{encode(b'no JSON')}.{signature}",
        "eyJ.eyJ.",
    ):
        with pytest.raises(InvalidIdToken):
            await mint.tokens.verify(token)


async def test_a_token_of_an_unknown_key_reads_the_keys_at_most_once_a_minute(mint: Mint) -> None:
    await mint.tokens.verify(mint.sign())
    old = mint.sign()
    mint.signer.key = SigningKey()
    mint.signer.published.append(mint.signer.key)
    for _ in range(5):
        with pytest.raises(InvalidIdToken, match="does not publish the key"):
            await mint.tokens.verify(mint.sign())
    assert mint.signer.reads == 1

    mint.seconds += 61
    await mint.tokens.verify(mint.sign())
    await mint.tokens.verify(old)
    assert mint.signer.reads == 2


async def test_the_last_keys_stay_in_use_while_google_does_not_answer(mint: Mint) -> None:
    token = mint.sign()
    await mint.tokens.verify(token)
    mint.signer.fault = Unavailable("keys")
    mint.seconds += 4000
    await mint.tokens.verify(token)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": [{}]}', b"\xff"])
async def test_keys_that_are_no_jwk_set_are_a_fault_of_the_index(mint: Mint, data: bytes) -> None:
    mint.signer.published_data = data
    with pytest.raises(CloudError):
        await mint.tokens.verify(mint.sign())


async def test_a_failure_of_iam_is_raised(mint: Mint) -> None:
    mint.signer.fault = Unavailable("signJwt")
    with pytest.raises(Unavailable):
        await mint.tokens.mint(CI)
