"""IssuerVerification of ID tokens of a local issuer.

Tested modules: ``access.identities.id_tokens``, ``access.identities.issuer_keys``,
``access.identities.json_web_keys``, ``access.identities.key_fetch``.
"""

import asyncio
import base64
import gzip
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import RSAAlgorithm

from access.errors import InvalidIdToken
from access.identities import key_fetch
from access.identities.id_tokens import SKEW, IdTokenVerifier
from access.identities.identity_set import MAX_ISSUERS
from access.identities.issuer_keys import RENEWAL, UNKNOWN_KEY_INTERVAL, WAIT_AFTER, IssuerKeys
from access.identities.json_web_keys import MAX_KEYS, KeyName, parse_key_set
from access.identities.key_fetch import MAX_DOCUMENT, KeyFetcher
from cloud.errors import Unavailable, Unreadable
from testing.memory_proxy import Clock
from testing.oidc.local_issuer import DISCOVERY, JWKS, IssuerResponse, LocalIssuer, generate_keys
from testing.oidc.tls_files import TlsFiles

AUDIENCE = "https://index.example/simple/"
KEYS = generate_keys()
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return TlsFiles.create(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def issuer(files: TlsFiles) -> Iterator[LocalIssuer]:
    with LocalIssuer(files, KEYS) as started:
        yield started


@pytest.fixture
async def fetcher(files: TlsFiles) -> AsyncIterator[KeyFetcher]:
    created = KeyFetcher(files.create_client_context())
    yield created
    await created.close()


class IssuerVerification:
    """Verifier of one audience, with a manual clock for the keys."""

    def __init__(self, fetcher: KeyFetcher, *issuers: str) -> None:
        self.clock, self.time = Clock(), time.time()
        self.keys = IssuerKeys(fetcher.fetch, self.clock)
        self.keys.keep(issuers)
        self.verifier = IdTokenVerifier(
            AUDIENCE, self.keys, lambda: datetime.fromtimestamp(self.time, UTC)
        )

    async def verify(self, token: str) -> dict[str, object]:
        return dict(await self.verifier.verify(token))


@pytest.fixture
def verification(fetcher: KeyFetcher, issuer: LocalIssuer) -> IssuerVerification:
    return IssuerVerification(fetcher, issuer.url)


def sign(issuer: LocalIssuer, claims: dict[str, object] | None = None, **options: Any) -> str:  # noqa: ANN401 - options of LocalIssuer.sign
    return issuer.sign({"aud": AUDIENCE, "sub": "ci", **(claims or {})}, **options)


def encode_part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("kid", ["rsa", "ec"])
async def test_the_claims_of_a_valid_id_token_are_returned(
    verification: IssuerVerification, issuer: LocalIssuer, kid: str
) -> None:
    claims = await verification.verify(sign(issuer, {"repository_id": "7"}, kid=kid))
    assert (claims["iss"], claims["sub"], claims["repository_id"]) == (issuer.url, "ci", "7")


async def test_keys_are_fetched_once(verification: IssuerVerification, issuer: LocalIssuer) -> None:
    tokens = [sign(issuer, kid=kid) for kid in ("rsa", "ec", "rsa")]
    await asyncio.gather(*(verification.verify(token) for token in tokens))
    assert issuer.requests == [DISCOVERY, JWKS]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://other.example/"}, "is for another audience: request one for"),
        ({"aud": [AUDIENCE]}, "is for another audience"),
        ({"aud": [AUDIENCE, "https://other.example/"]}, "is for another audience"),
        ({"aud": []}, "lacks a claim"),
        ({"aud": 7}, "is for another audience"),
        ({"aud": AUDIENCE.removesuffix("/")}, "is for another audience"),
        ({"aud": None}, "lacks a claim"),
        ({"exp": None}, "lacks a claim"),
        ({"iss": None}, "should have an issuer"),
        ({"iss": 7}, "should have an issuer"),
        ({"iss": "https://unknown.example"}, "no identity of this index has the issuer"),
        ({"exp": "soon"}, "the claim exp of the ID token should be a number"),
        ({"exp": True}, "the claim exp of the ID token should be a number"),
        ({"exp": float("nan")}, "the claim exp of the ID token should be a number"),
        ({"exp": float("inf")}, "the claim exp of the ID token should be a number"),
        ({"exp": 10**400}, "the claim exp of the ID token should be a number"),
        ({"nbf": -(10**400)}, "the claim nbf of the ID token should be a number"),
        ({"nbf": "now"}, "the claim nbf of the ID token should be a number"),
        ({"exp": 1}, "has expired"),
        ({"exp": -(10**30)}, "has expired"),
        ({"nbf": 10**30}, "is not valid yet"),
        ({"sub": 7}, "lacks a claim, or has an invalid one"),
    ],
)
async def test_an_id_token_with_a_wrong_claim_is_invalid(
    verification: IssuerVerification, issuer: LocalIssuer, claims: dict[str, object], reason: str
) -> None:
    payload = {"iss": issuer.url, "exp": time.time() + 60, "aud": AUDIENCE, **claims}
    token = jwt.PyJWS().encode(
        json.dumps({k: v for k, v in payload.items() if v is not None}).encode(),
        issuer.keys["rsa"],
        "RS256",
        {"kid": "rsa"},
    )
    with pytest.raises(InvalidIdToken, match=reason):
        await verification.verify(token)


@pytest.mark.parametrize(
    ("name", "before", "after"), [("exp", SKEW - 1, SKEW), ("nbf", -SKEW - 1, -SKEW)]
)
async def test_clocks_can_differ_by_30_seconds(
    verification: IssuerVerification, issuer: LocalIssuer, name: str, before: float, after: float
) -> None:
    now = int(verification.time)
    token = sign(issuer, {"exp": now + 3600, "nbf": now - 3600, name: now})
    accepted, refused = (before, after) if name == "exp" else (after, before)
    verification.time = now + accepted
    assert await verification.verify(token)
    verification.time = now + refused
    with pytest.raises(InvalidIdToken):
        await verification.verify(token)


async def test_an_id_token_can_lack_nbf(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    assert await verification.verify(sign(issuer, {"nbf": None, "iat": None}))


async def test_a_wrong_signature_is_invalid(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    with pytest.raises(InvalidIdToken, match="the signature of the ID token is wrong"):
        await verification.verify(sign(issuer, key=OTHER_KEY))
    head, body, signature = sign(issuer).split(".")
    other = encode_part({"iss": issuer.url, "aud": AUDIENCE, "exp": time.time() + 60})
    for token in (f"{head}.{other}.{signature}", f"{head}.{body}."):
        with pytest.raises(InvalidIdToken, match="the signature of the ID token is wrong"):
            await verification.verify(token)


async def test_an_id_token_without_a_signature_is_invalid(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    _, body, _ = sign(issuer).split(".")
    for algorithm in ("none", "None", "NONE", None):
        header = encode_part({"alg": algorithm, "kid": "rsa", "typ": "JWT"})
        with pytest.raises(InvalidIdToken, match=r"RS256 or ES256|cannot be decoded"):
            await verification.verify(f"{header}.{body}.")


async def test_a_public_key_is_never_used_as_a_shared_secret(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    public = issuer.keys["rsa"].public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header, payload = encode_part({"alg": "HS256", "kid": "rsa"}), sign(issuer).split(".")[1]
    signing_input = f"{header}.{payload}".encode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(
        signing_input, pem
    )
    encoded = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    with pytest.raises(InvalidIdToken, match="RS256 or ES256"):
        await verification.verify(f"{header}.{payload}.{encoded}")


@pytest.mark.parametrize(
    ("kid", "algorithm"), [("rsa", "ES256"), ("ec", "RS256"), ("other", "RS256"), ("", "RS256")]
)
async def test_a_key_is_used_only_with_its_own_algorithm(
    verification: IssuerVerification, issuer: LocalIssuer, kid: str, algorithm: str
) -> None:
    _, payload, signature = sign(issuer).split(".")
    header = encode_part({"alg": algorithm, "kid": kid})
    with pytest.raises(InvalidIdToken, match="does not publish the key"):
        await verification.verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("kid", [None, 7, "k" * 257, ["rsa"], {}])
async def test_a_key_id_is_required(
    verification: IssuerVerification, issuer: LocalIssuer, kid: object
) -> None:
    _, payload, signature = sign(issuer).split(".")
    header = encode_part({"alg": "RS256", "kid": kid})
    with pytest.raises(InvalidIdToken, match=r"key id|cannot be decoded"):
        await verification.verify(f"{header}.{payload}.{signature}")
    assert issuer.requests == []


async def test_the_keys_of_two_issuers_are_separate(files: TlsFiles, fetcher: KeyFetcher) -> None:
    """An issuer cannot sign for another one, also not with an equal key id."""
    with LocalIssuer(files) as one, LocalIssuer(files) as other:
        verification = IssuerVerification(fetcher, one.url, other.url)
        assert await verification.verify(sign(one))
        assert await verification.verify(sign(other))
        with pytest.raises(InvalidIdToken, match="signature"):
            await verification.verify(sign(other, {"iss": one.url}))


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "eyJ.eyJ.", "eyJ" * 9, "..", "\u00e9.a.b"])
async def test_other_text_is_no_id_token(verification: IssuerVerification, text: str) -> None:
    with pytest.raises(InvalidIdToken, match="this is no ID token"):
        await verification.verify(text)


@pytest.mark.parametrize("part", ["[]", '"a"', "7", "[" * 3000, '{"alg":', "\x00"])
async def test_parts_that_are_no_objects_are_invalid(
    verification: IssuerVerification, issuer: LocalIssuer, part: str
) -> None:
    head, payload, signature = sign(issuer).split(".")
    bad = base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode()
    for token in (f"{bad}.{payload}.{signature}", f"{head}.{bad}.{signature}"):
        with pytest.raises(InvalidIdToken, match="this is no ID token"):
            await verification.verify(token)


async def test_an_id_token_of_100_kb_is_invalid_at_once(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    with pytest.raises(InvalidIdToken, match="longer than 8192 characters"):
        await verification.verify(sign(issuer, {"padding": "x" * 100_000}))
    assert issuer.requests == []


async def test_only_issuers_of_the_document_are_fetched(
    fetcher: KeyFetcher, issuer: LocalIssuer
) -> None:
    verification = IssuerVerification(fetcher)
    with pytest.raises(InvalidIdToken, match="no identity of this index has the issuer"):
        await verification.verify(sign(issuer))
    assert issuer.requests == []


async def test_the_keys_of_a_removed_issuer_are_forgotten(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    assert await verification.verify(sign(issuer))
    verification.keys.keep([])
    with pytest.raises(InvalidIdToken, match="no identity"):
        await verification.verify(sign(issuer))


async def test_keys_stay_in_memory_when_the_document_changes(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    assert await verification.verify(sign(issuer))
    verification.keys.keep([issuer.url, "https://another.example"])
    assert await verification.verify(sign(issuer))
    assert issuer.requests == [DISCOVERY, JWKS]


async def test_the_number_of_issuers_is_bounded(fetcher: KeyFetcher) -> None:
    keys = IssuerKeys(fetcher.fetch, Clock())
    keys.keep([f"https://{number:04}.example" for number in range(MAX_ISSUERS + 1)])
    with pytest.raises(InvalidIdToken, match="no identity"):
        await keys.find(f"https://{MAX_ISSUERS:04}.example", KeyName("a", "RS256"))


async def test_a_new_key_is_fetched_at_most_once_a_minute(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    assert await verification.verify(sign(issuer))
    issuer.keys["next"] = OTHER_KEY
    with pytest.raises(InvalidIdToken, match="does not publish the key"):
        await verification.verify(sign(issuer, kid="next"))
    assert issuer.requests == [DISCOVERY, JWKS]
    verification.clock.now += UNKNOWN_KEY_INTERVAL
    assert await verification.verify(sign(issuer, kid="next"))
    for _ in range(3):
        with pytest.raises(InvalidIdToken, match="does not publish the key"):
            await verification.verify(sign(issuer, kid="rsa", header={"kid": "unknown"}))
    assert issuer.requests == [DISCOVERY, JWKS] * 2


async def test_keys_are_renewed_in_the_background(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    token = sign(issuer)
    assert await verification.verify(token)
    released = threading.Event()

    def wait() -> IssuerResponse:
        released.wait(600)
        return IssuerResponse.from_json({"keys": []})

    issuer.overrides[JWKS] = wait
    verification.clock.now += RENEWAL
    assert await verification.verify(token)  # although the issuer has not answered
    released.set()


async def verify_until_refusal(verification: IssuerVerification, token: str) -> None:
    """Verify a token until it is refused."""
    while await verification.verify(token):
        await asyncio.sleep(0.01)


async def test_a_key_that_the_issuer_withdraws_is_refused(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    token = sign(issuer)
    assert await verification.verify(token)
    issuer.keys["rsa"] = OTHER_KEY
    verification.clock.now += RENEWAL
    await verification.verify(token)  # starts the renewal
    with pytest.raises(InvalidIdToken, match="signature"):
        await asyncio.wait_for(verify_until_refusal(verification, token), 60)
    assert len(issuer.requests) == 4


async def test_a_request_waits_for_the_renewal_of_old_keys(
    verification: IssuerVerification, issuer: LocalIssuer
) -> None:
    """With few requests an instance has no CPU for a renewal in the background."""
    token = sign(issuer)
    assert await verification.verify(token)
    issuer.keys["rsa"] = OTHER_KEY
    verification.clock.now += WAIT_AFTER
    with pytest.raises(InvalidIdToken, match="signature"):
        await verification.verify(token)


async def test_an_issuer_that_cannot_be_reached_is_unavailable_only_without_keys(
    verification: IssuerVerification, files: TlsFiles, fetcher: KeyFetcher
) -> None:
    with LocalIssuer(files, KEYS) as gone:
        verification = IssuerVerification(fetcher, gone.url)
        token = sign(gone)
        assert await verification.verify(token)
    verification.clock.now += RENEWAL
    assert await verification.verify(token)
    with pytest.raises(InvalidIdToken, match="does not publish the key"):
        await verification.verify(sign(gone, kid="rsa", header={"kid": "unknown"}))
    with pytest.raises(Unavailable, match=gone.url):
        await IssuerVerification(fetcher, gone.url).verify(token)


async def test_an_issuer_without_a_trusted_certificate_is_unavailable(issuer: LocalIssuer) -> None:
    fetcher = KeyFetcher()
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await fetcher.fetch(issuer.url)
    await fetcher.close()


@pytest.mark.parametrize("url", ["https://ci..example", f"https://{'a' * 64}.example"])
async def test_an_issuer_with_an_impossible_host_name_is_unavailable(
    fetcher: KeyFetcher, url: str
) -> None:
    with pytest.raises(Unavailable, match=r"Unicode(Encode)?Error"):
        await fetcher.fetch(url)


async def test_no_redirect_is_followed(fetcher: KeyFetcher, issuer: LocalIssuer) -> None:
    def redirect() -> IssuerResponse:
        return IssuerResponse(status=307, headers={"location": "/elsewhere"})

    for path in (JWKS, DISCOVERY):
        issuer.overrides[path] = redirect
        with pytest.raises(Unavailable, match=f"{path}: status 307, should be 200"):
            await fetcher.fetch(issuer.url)
    assert "/elsewhere" not in issuer.requests


@pytest.mark.parametrize(
    "configuration",
    [
        {"jwks_uri": "https://other.example/keys"},
        {"jwks_uri": "http://127.0.0.1/keys"},
        {"jwks_uri": "https://127.0.0.1:1/keys"},
        {"jwks_uri": "//127.0.0.1/keys"},
        {"jwks_uri": 7},
        {"jwks_uri": None},
        {"issuer": "https://other.example"},
        {"issuer": None},
    ],
)
async def test_keys_are_fetched_only_from_the_host_of_the_issuer(
    fetcher: KeyFetcher, issuer: LocalIssuer, configuration: dict[str, object]
) -> None:
    def answer() -> IssuerResponse:
        return IssuerResponse.from_json(
            {"issuer": issuer.url, "jwks_uri": f"{issuer.url}{JWKS}", **configuration}
        )

    issuer.overrides[DISCOVERY] = answer
    with pytest.raises(Unreadable):
        await fetcher.fetch(issuer.url)
    assert issuer.requests == [DISCOVERY]


async def test_user_information_in_the_url_of_the_keys_is_refused(
    fetcher: KeyFetcher, issuer: LocalIssuer
) -> None:
    def answer() -> IssuerResponse:
        keys = issuer.url.replace("https://", "https://user@") + JWKS
        return IssuerResponse.from_json({"issuer": issuer.url, "jwks_uri": keys})

    issuer.overrides[DISCOVERY] = answer
    with pytest.raises(Unreadable, match="on the host of the issuer"):
        await fetcher.fetch(issuer.url)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"{", b'{"keys": 1}', b'{"keys": []}', b"\xff"]
)
async def test_an_invalid_key_set_is_unreadable(
    fetcher: KeyFetcher, issuer: LocalIssuer, body: bytes
) -> None:
    def answer() -> IssuerResponse:
        return IssuerResponse([body])

    issuer.overrides[JWKS] = answer
    with pytest.raises(Unreadable):
        await fetcher.fetch(issuer.url)


async def test_a_huge_key_set_is_not_read(fetcher: KeyFetcher, issuer: LocalIssuer) -> None:
    sent = 0

    def flood() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * MAX_DOCUMENT

    issuer.overrides[JWKS] = lambda: IssuerResponse(flood())
    with pytest.raises(Unreadable, match="larger than 262144 bytes"):
        await fetcher.fetch(issuer.url)
    assert sent < 1000


async def test_a_compressed_key_set_is_not_expanded(
    fetcher: KeyFetcher, issuer: LocalIssuer
) -> None:
    def compress() -> IssuerResponse:
        body = gzip.compress(json.dumps(issuer.describe_keys()).encode())
        return IssuerResponse([body], headers={"content-encoding": "gzip"})

    issuer.overrides[JWKS] = compress
    with pytest.raises(Unreadable, match="invalid JSON"):
        await fetcher.fetch(issuer.url)


async def test_a_slow_issuer_is_unavailable_after_some_time(
    fetcher: KeyFetcher, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()

    def drip() -> Iterator[bytes]:
        while not is_over.wait(0.01):
            yield b" "

    issuer.overrides[JWKS] = lambda: IssuerResponse(drip())
    monkeypatch.setattr(key_fetch, "PATIENCE", 0.3)
    with pytest.raises(Unavailable, match=r"no keys within 0\.3 s"):
        await fetcher.fetch(issuer.url)
    is_over.set()


def describe(key: rsa.RSAPublicKey, **facts: object) -> dict[str, object]:
    return {**json.loads(RSAAlgorithm.to_jwk(key)), "kid": "a", **facts}


def test_keys_that_do_not_fit_are_ignored() -> None:
    public = OTHER_KEY.public_key()
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()  # noqa: S505 - too weak
    curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    good = describe(public, kid="good")
    private = json.loads(RSAAlgorithm.to_jwk(OTHER_KEY))
    others: list[object] = [
        7,
        {},
        describe(public, kid=7),
        describe(public, kid=""),
        describe(public, use="enc"),
        describe(public, alg="RS512"),
        describe(public, alg="HS256"),
        describe(public, alg="none"),
        describe(public, n="!"),
        describe(weak),
        {**private, "kid": "private"},
        {**json.loads(jwt.algorithms.ECAlgorithm.to_jwk(curve)), "kid": "p384", "alg": "ES256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "RS256"},
        {"kty": "oct", "kid": "shared"},
    ]
    keys = parse_key_set({"keys": [*others, good]}, "keys")
    assert keys.keys() == {KeyName("good", "RS256")}


def test_the_number_of_keys_is_bounded() -> None:
    public = OTHER_KEY.public_key()
    entries = [describe(public, kid=str(number)) for number in range(MAX_KEYS + 5)]
    assert len(parse_key_set({"keys": entries}, "keys")) == MAX_KEYS


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    one, other = (
        rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
        for _ in range(2)
    )
    keys = parse_key_set({"keys": [describe(one), describe(other)]}, "keys")
    assert keys[KeyName("a", "RS256")].key.public_numbers() == one.public_numbers()


async def test_the_keys_of_google_are_on_a_known_other_host(
    files: TlsFiles, fetcher: KeyFetcher, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    google = "https://accounts.google.com"
    assert key_fetch.KNOWN_KEYS[google].startswith("https://www.googleapis.com/")
    monkeypatch.setattr(key_fetch, "KNOWN_KEYS", {google: issuer.url + JWKS})
    assert await fetcher.fetch(google)
    assert issuer.requests == [JWKS]
