"""Errors of the local runtime's commands."""


class LocalError(Exception):
    """Failure of a command; the message has the reason and the remedy for the user."""
