"""Who comes with a given token."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from proxy.errors import Unreadable
from schemas.tokens import Token, TokenDocument, UnreadableTokens, digest_of


class TokenSet:
    """The tokens of one version of the secret, found by digest."""

    def __init__(self, document: TokenDocument, number: int = 0) -> None:
        self._by_digest: Mapping[str, Token] = {token.sha256: token for token in document.tokens}
        self.number = number
        """Which version it is."""

    @classmethod
    def read(cls, data: bytes, subject: str, number: int = 0) -> Self:
        """Read a version of the secret.

        :param subject: what it is called, for the error.
        :raises Unreadable: if it is not the document. Its content is not quoted.
        """
        try:
            return cls(TokenDocument.read(data), number)
        except UnreadableTokens as error:
            raise Unreadable(subject, str(error)) from None

    def find(self, secret: str, now: datetime) -> Token | None:
        """Return the live token whose digest is that of ``secret``; None if there is none.

        A token's checksum is for scanners and people; whatever was sent is digested, so that the
        time taken tells nothing of it.
        """
        digest = digest_of(secret)
        token = self._by_digest.get(digest)
        if token is None or not hmac.compare_digest(token.sha256, digest):
            return None
        return token if token.is_live(now) else None
