"""The token in a request: HTTP Basic (RFC 7617), the only scheme that installers speak."""

import base64

_LONGEST = 1024
"""Characters of a field that can hold a token of ours."""


def password_of(authorization: str) -> str | None:
    """Return the password of an ``Authorization`` field; None if there is none.

    Whatever the user is called. An empty password is how pip and uv knock: it is none.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _LONGEST:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:  # no Base64, or no UTF-8
        return None
    return decoded.partition(":")[2] or None
