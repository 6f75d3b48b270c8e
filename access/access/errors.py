"""Errors of credentials."""


class Unauthorized(Exception):
    """The request has no valid credential."""
