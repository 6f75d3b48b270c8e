"""Why a command of the local runtime gives up, in words for whoever typed it."""


class Failure(Exception):
    """The command cannot do what it was asked; the message says why and what to do."""
