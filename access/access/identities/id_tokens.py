"""Verification of OIDC ID tokens.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation, RFC 8725
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import jwt
from jwt import PyJWK
from jwt.exceptions import InvalidAudienceError, InvalidSignatureError, PyJWTError

from access.errors import InvalidIdToken
from access.identities.json_web_keys import ALGORITHMS, MAX_KEY_ID, KeyName

MAX_LENGTH = 8 * 1024
"""Maximum length of an ID token, in characters."""
SKEW = 30.0
"""Seconds by which the clock of an issuer can be wrong."""

_PARSE: Any = {"verify_signature": False}
_VERIFY: Any = {
    "require": ["iss", "aud", "exp"],
    "strict_aud": True,  # one audience, so no other service can use the ID token here
    "verify_exp": False,  # verified with the clock of the service
    "verify_nbf": False,
    "verify_iat": False,
}


class KeySource(Protocol):
    """Keys of issuers. :class:`~access.identities.issuer_keys.IssuerKeys` implements it."""

    async def find(self, issuer: str, name: KeyName) -> PyJWK:
        """Return a key of an issuer, or raise :class:`InvalidIdToken` or ``CloudError``."""
        ...


class IdTokenVerifier:
    """Verifier of the ID tokens for one audience.

    :param audience: the URL of the index, or of the upload service.
    :param keys: the keys of the issuers.
    :param now: the clock, in UTC.
    """

    def __init__(self, audience: str, keys: KeySource, now: Callable[[], datetime]) -> None:
        self._audience, self._keys, self._now = audience, keys, now

    async def verify(self, token: str) -> Mapping[str, object]:
        """Return the verified claims of an ID token.

        :raises InvalidIdToken: if it is not valid, or of an unknown issuer.
        :raises CloudError: if no keys of its issuer are in memory, and the issuer does not answer.
        """
        issuer, name = _parse(token)
        key = await self._keys.find(issuer, name)
        claims = self._decode(token, key, issuer)
        self._check_times(claims)
        return claims

    def _decode(self, token: str, key: PyJWK, issuer: str) -> Mapping[str, object]:
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=issuer,
                options=_VERIFY,
            )
        except InvalidSignatureError as error:
            raise InvalidIdToken("the signature of the ID token is wrong") from error
        except InvalidAudienceError as error:
            raise InvalidIdToken(
                f"the ID token is for another audience: request one for {self._audience}"
            ) from error
        except (PyJWTError, ValueError) as error:
            raise InvalidIdToken("the ID token lacks a claim, or has an invalid one") from error

    def _check_times(self, claims: Mapping[str, object]) -> None:
        now = self._now().timestamp()
        if now >= get_time(claims, "exp") + SKEW:
            raise InvalidIdToken("the ID token has expired: request a new one")
        if "nbf" in claims and now < get_time(claims, "nbf") - SKEW:
            raise InvalidIdToken("the ID token is not valid yet: compare the clocks")


def get_time(claims: Mapping[str, object], name: str) -> float:
    """Return a time claim, in seconds since 1970.

    :raises InvalidIdToken: if it is no number.
    """
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
        raise InvalidIdToken(f"the claim {name} of the ID token should be a number")
    return value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that is larger than each float
        return False


def _parse(token: str) -> tuple[str, KeyName]:
    """Return the issuer and the key name that an ID token claims, both not verified."""
    if len(token) > MAX_LENGTH:
        raise InvalidIdToken(f"the ID token is longer than {MAX_LENGTH} characters")
    try:
        found = jwt.decode_complete(token, options=_PARSE)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise InvalidIdToken("this is no ID token: it cannot be decoded") from error
    kid, algorithm = found["header"].get("kid"), found["header"].get("alg")
    if algorithm not in ALGORITHMS:
        raise InvalidIdToken(f"the ID token should have a signature by {' or '.join(ALGORITHMS)}")
    if not isinstance(kid, str) or len(kid) > MAX_KEY_ID:
        raise InvalidIdToken("the header of the ID token should have a key id")
    issuer = found["payload"].get("iss")
    if not isinstance(issuer, str):
        raise InvalidIdToken("the ID token should have an issuer")
    return issuer, KeyName(kid, algorithm)
