"""Authentication by a token: HTTP Basic (RFC 7617), the only scheme that installers support."""

import base64
from collections.abc import Callable
from datetime import datetime

from access.errors import Unauthorized
from access.refresh import RefreshingValue
from access.token_set import TokenSet
from cloud.errors import CloudError
from schemas.tokens import Token

_MAX_LENGTH = 1024
"""Maximum length of accepted credentials in Base64, in characters."""


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
        password = parse_password(authorization)
        token = tokens.find(password, self._now()) if password else None
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


def parse_password(authorization: str) -> str | None:
    """Return the password of an ``Authorization`` field with any user name; None if absent.

    pip and uv first send an empty password; it is treated as none.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _MAX_LENGTH:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # not Base64, or not UTF-8
        return None
    return decoded.partition(":")[2] or None
