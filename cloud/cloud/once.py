"""Objects that are written once, such as verdicts."""

from cloud.errors import PreconditionFailed, TooManyRequests
from cloud.ports import Bucket, Headers


def write_once(bucket: Bucket, name: str, data: bytes, headers: Headers) -> None:
    """Write ``name`` unless it exists.

    Another delivery of the same message can have written it: just now (429) or earlier (412).

    :raises TooManyRequests: if the answer is 429 and the object does not exist.
    """
    try:
        bucket.write(name, data, headers, if_generation=0)
    except (PreconditionFailed, TooManyRequests):
        if bucket.stat(name) is None:
            raise
