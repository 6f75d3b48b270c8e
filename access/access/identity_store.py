"""Identities in a secret: add, list and remove them, also by concurrent writers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from difflib import get_close_matches

from access.document_store import READ as READ_RETRY
from access.document_store import DocumentStore, Versions
from access.entry_facts import check_globs, check_name, check_publishing
from access.errors import TokenStoreError
from access.identities.identity_set import MAX_ISSUERS
from cloud.retry import Retry
from schemas.holders import EVERYTHING, READ
from schemas.identities import OidcIdentity
from schemas.tokens import TokenDocument


class IdentityStore:
    """Identities in one secret. Every method can raise :class:`~cloud.errors.CloudError`.

    :param now: the clock, in UTC.
    """

    def __init__(
        self, secret: Versions, now: Callable[[], datetime], retry: Retry = READ_RETRY
    ) -> None:
        self._store, self._now = DocumentStore(secret, now, retry), now

    def list_identities(self) -> Sequence[OidcIdentity]:
        """Return all live identities and those that ended within the last day."""
        return self._store.read().identities

    def add(
        self,
        name: str,
        *,
        issuer: str,
        claims: Mapping[str, str],
        projects: Sequence[str] = (EVERYTHING,),
        scopes: Sequence[str] = (READ,),
        expires_in: timedelta | None = None,
        uploader: str | None = None,
    ) -> OidcIdentity:
        """Add an identity and return it.

        :raises TokenStoreError: if a fact is invalid, the identity is not safe, or the secret is
            full.
        """
        check_name(name)
        check_globs(projects)
        check_publishing(scopes, uploader)
        now = self._now().replace(microsecond=0)
        identity = OidcIdentity(
            name=name,
            issuer=issuer,
            claims=dict(claims),
            scopes=tuple(scopes),
            projects=tuple(projects),
            created=now,
            expires=None if expires_in is None else now + expires_in,
            **({"uploader": uploader} if uploader else {}),
        )
        if fault := identity.find_fault():
            raise TokenStoreError(fault)
        self._store.add(lambda document: _add(document, identity))
        return identity

    def remove(self, name: str) -> Sequence[OidcIdentity]:
        """Remove the live identities of a name, and return them.

        :raises TokenStoreError: if there is none.
        """
        now, all_identities = self._now(), self.list_identities()
        live = [each for each in all_identities if each.is_live(now)]
        found = [each for each in live if each.name == name]
        if not found:
            nearest = get_close_matches(name, sorted({each.name for each in live}), n=1)
            question = f"did you mean {nearest[0]!r}? " if nearest else ""
            raise TokenStoreError(
                f"no live identity is called {name!r}; {question}list shows all identities"
            )
        keys = [each.key for each in found]
        self._store.revoke(lambda document: document.revoke_identities(keys, self._now()))
        return found


def _add(document: TokenDocument, identity: OidcIdentity) -> TokenDocument:
    """Return the document with the identity.

    An equal one that was removed in the same second would end it too. So its time of creation is
    later than that of equal ones.
    """
    keys = {each.key for each in document.identities if not each.is_live(identity.created)}
    while identity.key in keys:
        later = identity.created + timedelta(seconds=1)
        identity = identity.model_copy(update={"created": later})
    added = document.with_identity(identity)
    if len({each.issuer for each in added.identities if each.scopes}) > MAX_ISSUERS:
        raise TokenStoreError(
            f"the secret has identities of {MAX_ISSUERS} issuers, which is the limit: remove some"
        )
    return added
