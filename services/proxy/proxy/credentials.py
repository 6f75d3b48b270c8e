"""The token in a request: HTTP Basic (RFC 7617), the only scheme that installers speak."""

import base64
import binascii

_LONGEST = 1024
"""Characters of a field that can hold a token of ours."""


def password_of(authorization: str) -> str | None:
    """Return the password of an ``Authorization`` field; None if there is none.

    Whatever the user is called. An empty password is how pip and uv knock: it is none.
    """
    scheme, _, encoded = authorization[:_LONGEST].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded.partition(":")[2] or None
