"""Public keys of an issuer, from a JSON Web Key Set (RFC 7517)."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from cloud.errors import Unreadable

ALGORITHMS = ("RS256", "ES256")
"""Algorithms of signatures. OpenID providers sign with RS256 by default."""
MAX_KEYS = 64
"""Number of keys of an issuer that are used. Known issuers have 2 to 10."""
MAX_KEY_ID = 256
"""Maximum length of a key id, in characters."""
_RSA_BITS = range(2048, 8192 + 1)
"""Bits of an RSA key. The duration of a verification grows with their square."""


class KeyName(NamedTuple):
    """Name of a key. With the algorithm, a token cannot choose another algorithm for a key."""

    kid: str
    algorithm: str


IssuerKeySet = Mapping[KeyName, PyJWK]
"""Keys of one issuer by name."""


def parse_key_set(document: object, subject: str) -> IssuerKeySet:
    """Return the keys for signatures in a JSON Web Key Set, at most :data:`MAX_KEYS`.

    Other keys are ignored, for example of a new algorithm.

    :param subject: the URL of the document, for the error.
    :raises Unreadable: if the document has no such key.
    """
    entries = document.get("keys") if isinstance(document, Mapping) else None
    keys: dict[KeyName, PyJWK] = {}
    for entry in entries if isinstance(entries, list) else ():
        for name, key in _parse_key(entry):
            keys.setdefault(name, key)
        if len(keys) == MAX_KEYS:
            break
    if not keys:
        raise Unreadable(subject, f"no key for {' or '.join(ALGORITHMS)} with a key id")
    return keys


def _parse_key(entry: object) -> Iterator[tuple[KeyName, PyJWK]]:
    """Yield the key of an entry, unless it is not for signatures of our algorithms."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return
    kid = entry.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KEY_ID:
        return
    try:
        key = PyJWK(entry)
    except (PyJWTError, ValueError, TypeError, LookupError, NotImplementedError):
        return
    if _fits(key):
        yield KeyName(kid, key.algorithm_name), key


def _fits(key: PyJWK) -> bool:
    """Return whether the key is a public one that fits its algorithm, and RSA keys our limits."""
    public = key.key
    if isinstance(public, RSAPublicKey):
        return key.algorithm_name == "RS256" and public.key_size in _RSA_BITS
    is_p256 = isinstance(public, EllipticCurvePublicKey) and isinstance(public.curve, SECP256R1)
    return is_p256 and key.algorithm_name == "ES256"
