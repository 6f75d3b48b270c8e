"""Authentication of publishing requests: by a token of an owner, or by a minted token."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from access.authentication import Authenticator, is_id_token, parse_credential
from access.errors import InvalidIdToken, Unauthorized
from schemas.holders import Holder
from schemas.identities import OidcIdentity
from upload.minting.minted_tokens import EntryReference, MintedTokens

ListIdentities = Callable[[], Awaitable[Iterable[OidcIdentity]]]
"""Function that returns the identities of the current document. It raises ``CloudError``."""


@dataclass(frozen=True, slots=True)
class PublishingAuthenticator:
    """Authentication of the upload service. An ID token of a CI is no credential here.

    The entry of a minted token is looked up in the current document at each use, so its removal
    ends the token.

    :param owners: the authentication by the tokens of the document.
    :param list_identities: returns the identities of the document.
    """

    owners: Authenticator
    minted: MintedTokens
    list_identities: ListIdentities
    now: Callable[[], datetime]

    async def authenticate(self, authorization: str) -> Holder:
        """Return the holder of an ``Authorization`` field.

        :raises Unauthorized: if the field has no valid credential.
        :raises CloudError: if the document, or the keys of minted tokens, are not known.
        """
        credential = parse_credential(authorization)
        if credential is None or not is_id_token(credential):
            return await self.owners.authenticate(authorization)
        try:
            entry = await self.minted.verify(credential)
        except InvalidIdToken as error:
            raise Unauthorized(
                "the password is no live minted token of this index: a minted token is valid for "
                "15 minutes, and an ID token is accepted only at /_/oidc/mint-token"
            ) from error
        return await self._find(entry)

    async def _find(self, entry: EntryReference) -> OidcIdentity:
        now = self.now()
        for identity in await self.list_identities():
            if identity.is_live(now) and EntryReference.from_identity(identity) == entry:
                return identity
        raise Unauthorized(
            f"the identity {entry.identity!r} of the minted token was removed: ask an owner"
        )

    async def is_ready(self) -> bool:
        """Return whether the document has been read."""
        return await self.owners.is_ready()
