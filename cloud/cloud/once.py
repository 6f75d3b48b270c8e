"""Objects that are written once, such as verdicts."""

from collections.abc import Callable
from typing import TypeVar

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers

T = TypeVar("T")


def write_once(bucket: Bucket, name: str, data: bytes, headers: Headers) -> None:
    """Write ``name`` unless it exists.

    :raises TooManyRequests: if the answer is 429 and the object does not exist.
    """
    _create(bucket, name, data, headers, bucket.stat)


def write_or_read(bucket: Bucket, name: str, data: bytes, headers: Headers) -> bytes:
    """Write ``name`` unless it exists; return the stored bytes.

    Of several writers with different bytes, the first one decides. The others get its bytes.

    :raises TooManyRequests: if the answer is 429 and the object does not exist.
    """
    stored = _create(bucket, name, data, headers, bucket.read)
    return data if stored is None else stored.data


def _create(
    bucket: Bucket, name: str, data: bytes, headers: Headers, find: Callable[[str], T | None]
) -> T | None:
    """Write ``name`` unless it exists; return the existing object, or None.

    Another delivery of the same message can have written it: just now (429) or earlier (412).
    """
    try:
        bucket.write(name, data, headers, if_generation=0)
    except (PreconditionFailed, TooManyRequests):
        found = find(name)
        if found is None:
            raise
        return found
    return None
