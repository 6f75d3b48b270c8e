"""Selection of the tokens that an operator revokes. No message contains a token."""

import re
from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

from access.errors import TokenStoreError
from schemas.tokens import PREFIX, Token, hash_token, is_token

_DIGEST = re.compile(r"[0-9a-f]{8,64}", re.ASCII)


def select_tokens(tokens: Sequence[Token], selector: str, now: datetime) -> Sequence[Token]:
    """Return the live tokens of a selector.

    :param selector: a name, for all tokens of that name; or at least the first eight digits of a
        digest; or the token itself.
    :raises TokenStoreError: if no live token matches, or if a digest matches several.
    """
    named = [token for token in tokens if token.name == selector]
    if not named and selector.startswith(PREFIX):
        return select_by_value(tokens, selector, now)
    is_digest = _DIGEST.fullmatch(selector) is not None
    found = named or [t for t in tokens if is_digest and t.sha256.startswith(selector)]
    live = [token for token in found if token.is_live(now)]
    if not live or (not named and len(live) > 1):
        ended = f": {_describe_ends(found)}" if found and not live else ""
        raise TokenStoreError(
            f"{len(live) or 'no'} live tokens match {selector!r}{ended}; "
            f"{_suggest_name(tokens, selector, now)}list shows all tokens"
        )
    return live


def _suggest_name(tokens: Sequence[Token], selector: str, now: datetime) -> str:
    """Return a question with the live name that is nearest to a mistyped one, or nothing."""
    names = {token.name for token in tokens if token.is_live(now)} - {selector}
    nearest = get_close_matches(selector, sorted(names), n=1)
    return f"did you mean {nearest[0]!r}? " if nearest else ""


def select_by_value(tokens: Sequence[Token], value: str, now: datetime) -> Sequence[Token]:
    """Return the live token with the digest of ``value``.

    :raises TokenStoreError: if there is none. The message has only the digest of a valid token.
    """
    digest = hash_token(value)
    found = [token for token in tokens if token.sha256 == digest]
    if live := [token for token in found if token.is_live(now)]:
        return live
    if found:
        raise TokenStoreError(f"the token is not live any more: {_describe_ends(found)}")
    if not value.startswith(PREFIX):
        raise TokenStoreError(f"this is no token: a token is {PREFIX} and 49 letters and digits")
    if not is_token(value):
        raise TokenStoreError("the token is mistyped or incomplete: its checksum does not match")
    raise TokenStoreError(
        f"no token has the digest {digest[:12]}: it is of another index, or it ended more "
        "than a day ago"
    )


def _describe_ends(ended: Sequence[Token]) -> str:
    return ", ".join(
        f"{t.name!r} {t.sha256[:12]} ended at {t.expires:%Y-%m-%dT%H:%MZ}" for t in ended
    )
