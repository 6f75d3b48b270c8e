"""Errors of authentication, and of changes of the tokens."""


class Unauthorized(Exception):
    """The request has no valid credential."""


class TokenStoreError(Exception):
    """Request that cannot be executed. The message explains the reason to the operator."""


class SecretFull(TokenStoreError):
    """Document that is too large for a change."""
