"""Authentication by a token or an ID token: HTTP Basic (RFC 7617), or Bearer (RFC 6750).

A credential is looked up as a token first. Only an unknown one with the shape of an ID token is
verified as an ID token, so a request with a token costs nothing more.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from access.errors import InvalidIdToken, Unauthorized
from access.refresh import RefreshingValue
from access.token_set import TokenSet
from cloud.errors import CloudError
from schemas.holders import Holder

if TYPE_CHECKING:  # the command has no library for ID tokens
    from access.identities.id_token_holders import IdTokenHolders

MAX_LENGTH = 8 * 1024
"""Maximum length of a credential, in characters."""


class Authenticator:
    """Authentication of requests by the current version of the secret.

    :param now: the clock for the expiry of tokens.
    :param id_tokens: the holders of ID tokens; None: the service accepts no ID tokens.
    """

    def __init__(
        self,
        tokens: RefreshingValue[TokenSet],
        now: Callable[[], datetime],
        id_tokens: "IdTokenHolders | None" = None,
    ) -> None:
        self._tokens, self._now, self._id_tokens = tokens, now, id_tokens

    async def authenticate(self, authorization: str) -> Holder:
        """Return the holder of an ``Authorization`` field: a token, or an identity.

        :raises Unauthorized: if the field has no valid credential.
        :raises CloudError: if no version of the secret has been read, or the keys for an ID token
            are not available.
        """
        tokens = self._tokens.get_fresh() or (await self._tokens.get())[0]
        credential = parse_credential(authorization)
        token = tokens.find(credential, self._now()) if credential else None
        if token is None:
            return await self._find_identity(credential, tokens)
        return token

    async def _find_identity(self, credential: str | None, tokens: TokenSet) -> Holder:
        if self._id_tokens is None or not credential or not is_id_token(credential):
            raise Unauthorized
        try:
            identity = await self._id_tokens.find(credential, tokens.identities)
        except InvalidIdToken as error:
            raise Unauthorized(str(error)) from error
        if identity is None:
            raise Unauthorized("no identity of this index has the claims of the ID token")
        return identity

    async def is_ready(self) -> bool:
        """Return whether a version of the secret has been read."""
        try:
            await self._tokens.get()
        except CloudError:  # RefreshingValue has logged the error
            return False
        return True


def parse_credential(authorization: str) -> str | None:
    """Return the credential of an ``Authorization`` field, without white space around it.

    None if there is none, or if it is longer than :data:`MAX_LENGTH`.
    """
    scheme, *parameters = authorization.split(maxsplit=1) or [""]
    parse = _PARSERS.get(scheme.lower())
    credential = parse(parameters[0]) if parse and parameters else ""
    return credential if 0 < len(credential) <= MAX_LENGTH else None


def is_id_token(credential: str) -> bool:
    """Return whether a credential has the shape of an ID token: three parts, the first an object.

    No token of gcpypi has it.
    """
    return credential.startswith("eyJ") and credential.count(".") == 2


def _parse_basic(encoded: str) -> str:
    """Return the password, or the user name if the password is empty (RFC 7617).

    Renovate and Dependabot send a token without a user name as the user name. An invalid character
    in a user name, for example of Latin-1, does not matter.
    """
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode(errors="replace")
    except ValueError:  # not Base64
        return ""
    user, _, password = decoded.partition(":")
    return password.strip() or user.strip()


_PARSERS: Mapping[str, Callable[[str], str]] = {"basic": _parse_basic, "bearer": str.strip}
"""Parser of the rest of the field, by scheme."""
