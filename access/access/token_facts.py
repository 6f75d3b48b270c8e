"""Checks of the facts of a new token: its name and its project patterns."""

import re
from collections.abc import Sequence

from access.errors import TokenStoreError
from schemas.tokens import PREFIX

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_GLOB = re.compile(r"[A-Za-z0-9._*?!\[\]-]{1,128}", re.ASCII)


def check_name(name: str) -> None:
    """Check the name of a holder, which the access log shows.

    :raises TokenStoreError: if it is invalid, or can be a token.
    """
    if name.startswith(PREFIX):
        raise TokenStoreError("this is a token, not a name: the access log has the name")
    if not _NAME.fullmatch(name):
        raise TokenStoreError(
            f"invalid name {name!r}: use 1 to 64 letters, digits or ._@-, and start with "
            "a letter or a digit"
        )


def check_globs(globs: Sequence[str]) -> None:
    """Check that each project pattern can match a project.

    :raises TokenStoreError: if one has other characters than names and wildcards.
    """
    for glob in globs:
        if not _GLOB.fullmatch(glob):
            raise TokenStoreError(
                f"invalid project pattern {glob[:128]!r}: use 1 to 128 letters, digits or ._-, and "
                "the wildcards *, ? and [] of a shell"
            )
