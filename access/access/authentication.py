"""Authentication by a token: HTTP Basic (RFC 7617) of installers, or Bearer (RFC 6750)."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime

from access.errors import Unauthorized
from access.refresh import RefreshingValue
from access.token_set import TokenSet
from cloud.errors import CloudError
from schemas.tokens import Token

MAX_LENGTH = 8 * 1024
"""Maximum length of a credential, in characters."""


class Authenticator:
    """Authentication of requests by the tokens of the current version of the secret.

    :param now: the clock for the expiry of tokens.
    """

    def __init__(self, tokens: RefreshingValue[TokenSet], now: Callable[[], datetime]) -> None:
        self._tokens, self._now = tokens, now

    async def authenticate(self, authorization: str) -> Token:
        """Return the token of an ``Authorization`` field.

        :raises Unauthorized: if the field has no token, or the token is unknown or expired.
        :raises CloudError: if no version of the secret has been read.
        """
        tokens = self._tokens.get_fresh() or (await self._tokens.get())[0]
        credential = parse_credential(authorization)
        token = tokens.find(credential, self._now()) if credential else None
        if token is None:
            raise Unauthorized
        return token

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
