"""An object that is written once and never again, such as a verdict."""

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers


def write_once(bucket: Bucket, name: str, data: bytes, headers: Headers) -> None:
    """Write ``name`` unless it is there: another delivery's, of a moment ago (429) or longer (412).

    :raises TooManyRequests: if it was written too often and is not there all the same.
    """
    try:
        bucket.write(name, data, headers, if_generation=0)
    except (PreconditionFailed, TooManyRequests):
        if bucket.stat(name) is None:
            raise
