"""Errors of authentication."""


class Unauthorized(Exception):
    """The request has no valid credential."""
