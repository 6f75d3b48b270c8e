"""Set of the identities in one version of a secret."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from schemas.identities import OidcIdentity

logger = logging.getLogger(__name__)

MAX_ISSUERS = 32
"""Number of issuers of one secret. Services do not fetch the keys of further ones."""


class IdentitySet:
    """Safe identities of a document. Unsafe ones never match, and a warning names them.

    Removed ones, which have no scope, never match either, also if the clock is behind.
    """

    def __init__(self, identities: Iterable[OidcIdentity] = ()) -> None:
        granted = (identity for identity in identities if identity.scopes)
        self._identities = sorted(filter(_is_safe, granted), key=_rank, reverse=True)
        self.issuers = frozenset(identity.issuer for identity in self._identities)
        """Issuers of these identities. The keys of no others are fetched."""

    def __iter__(self) -> Iterator[OidcIdentity]:
        """Yield the safe identities in the order of their precedence."""
        return iter(self._identities)

    def find(self, claims: Mapping[str, object], now: datetime) -> OidcIdentity | None:
        """Return the live identity of verified claims; None if there is none.

        Of several, the one with most claims counts, and then the newest.
        """
        for identity in self._identities:
            if identity.is_live(now) and identity.matches(claims):
                return identity
        return None


def _rank(identity: OidcIdentity) -> tuple[int, datetime, str]:
    return len(identity.claims), identity.created, identity.model_dump_json()


def _is_safe(identity: OidcIdentity) -> bool:
    fault = identity.find_fault()
    if fault:
        logger.warning("the identity %r is not used: %s", identity.name[:64], fault)
    return fault is None
