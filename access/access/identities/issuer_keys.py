"""Keys of the issuers of a secret, in memory."""

from collections.abc import Awaitable, Callable, Collection

from jwt import PyJWK

from access.errors import InvalidIdToken
from access.identities.identity_set import MAX_ISSUERS
from access.identities.json_web_keys import IssuerKeySet, KeyName
from access.identities.key_fetch import PATIENCE
from access.refresh import Clock, RefreshingValue, RefreshPolicy

RENEWAL = 600.0
"""Seconds after which the keys are fetched again, in the background."""
WAIT_AFTER = 2 * RENEWAL
"""Age from which a request waits for the renewal, in seconds.

Cloud Run gives no CPU between requests, so with few requests no renewal ends in the background.
"""
UNKNOWN_KEY_INTERVAL = 60.0
"""Seconds between two fetches because of an unknown key id."""
_POLICY = RefreshPolicy(
    interval=RENEWAL, wait_after=WAIT_AFTER, max_wait=PATIENCE + 1, first_max_wait=PATIENCE + 1
)

FetchKeys = Callable[[str], Awaitable[IssuerKeySet]]
"""Function that downloads the keys of an issuer. It raises :class:`~cloud.errors.CloudError`."""


class IssuerKeys:
    """Keys by issuer. Only issuers of the last call of :meth:`keep` are fetched.

    Keys stay in use while their issuer does not answer. A request with a known key waits for a
    fetch only if the keys are older than :data:`WAIT_AFTER`.
    """

    def __init__(self, fetch: FetchKeys, clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._values: dict[str, RefreshingValue[IssuerKeySet]] = {}

    def keep(self, issuers: Collection[str]) -> None:
        """Accept these issuers, and forget the keys of all others. Fetch nothing."""
        kept = {issuer: self._values.get(issuer) for issuer in sorted(issuers)[:MAX_ISSUERS]}
        self._values = {issuer: value or self._create(issuer) for issuer, value in kept.items()}

    async def find(self, issuer: str, name: KeyName) -> PyJWK:
        """Return a key of an issuer.

        :raises InvalidIdToken: if the issuer or the key is unknown.
        :raises CloudError: if no keys of the issuer have been fetched, and it does not answer.
        """
        value = self._values.get(issuer)
        if value is None:
            raise InvalidIdToken("no identity of this index has the issuer of the ID token")
        keys, _ = await value.get()
        key = keys.get(name)
        if key is None:
            newer, _ = await value.get_newer(UNKNOWN_KEY_INTERVAL)
            key = newer.get(name)
        if key is None:
            raise InvalidIdToken("the issuer does not publish the key of the ID token")
        return key

    def _create(self, issuer: str) -> RefreshingValue[IssuerKeySet]:
        async def load(_: IssuerKeySet | None) -> IssuerKeySet:
            return await self._fetch(issuer)

        return RefreshingValue(f"keys of {issuer}", load, _POLICY, self._clock)
