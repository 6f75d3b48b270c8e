"""Errors of authentication, and of changes of the tokens."""


class Unauthorized(Exception):
    """The request has no valid credential.

    :param reason: a sentence about an invalid ID token; empty for any other credential.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidIdToken(Exception):
    """ID token that is not valid. The message is a sentence without parts of the token."""


class TokenStoreError(Exception):
    """Request that cannot be executed. The message explains the reason to the operator."""


class SecretFull(TokenStoreError):
    """Document that is too large for a change."""
