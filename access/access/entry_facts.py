"""Checks of the facts of a new token or identity: name, project patterns, uploader, lifetime."""

import re
from collections.abc import Sequence
from datetime import timedelta

from access.errors import TokenStoreError
from schemas.holders import PUBLISH
from schemas.tokens import PREFIX

MAX_PUBLISHING_LIFETIME = timedelta(days=90)
"""Longest lifetime of a token for publishing."""
_UPLOADER = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
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


def check_publishing(scopes: Sequence[str], uploader: str | None) -> None:
    """Check that an entry for publishing has a valid uploader, and another one has none.

    :raises TokenStoreError: if not.
    """
    if PUBLISH not in scopes and uploader is None:
        return
    if PUBLISH not in scopes:
        raise TokenStoreError("only an entry for publishing has an uploader: add --publish")
    if uploader is None:
        raise TokenStoreError("an entry for publishing needs an uploader: add --uploader NAME")
    if not _UPLOADER.fullmatch(uploader):
        raise TokenStoreError(
            f"invalid uploader {uploader[:64]!r}: use a name of the variable uploaders of Terraform"
        )


def check_lifetime(scopes: Sequence[str], expires_in: timedelta | None) -> None:
    """Check that a token for publishing ends in time.

    :raises TokenStoreError: if it does not.
    """
    if PUBLISH in scopes and (expires_in is None or expires_in > MAX_PUBLISHING_LIFETIME):
        raise TokenStoreError(
            f"a token for publishing lives for at most {MAX_PUBLISHING_LIFETIME.days} days: add "
            "--expires-in 90d, or less"
        )
