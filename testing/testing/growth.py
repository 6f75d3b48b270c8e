"""Growth of CPU time with the size of the input, as a ratio that does not depend on the machine."""

import time
from collections.abc import Callable

FACTOR = 8
"""Size of the whole input in parts. Linear time grows by 8, quadratic time by 64."""

LIMIT = 24
"""Ratio between 8 and 64. Other load can change a CPU time by a factor of 2."""

ATTEMPTS = 3
"""Measurements of a time. The shortest one counts, because other load only adds time."""


def is_linear(function: Callable[[bytes], object], part: bytes, whole: bytes) -> bool:
    """Return whether ``function`` takes linear CPU time.

    :param part: an input of an eighth of the size of ``whole``.
    """
    limit = LIMIT * min(_measure(function, part) for _ in range(ATTEMPTS))
    return any(_measure(function, whole) < limit for _ in range(ATTEMPTS))


def _measure(function: Callable[[bytes], object], data: bytes) -> float:
    started = time.process_time()
    function(data)
    return time.process_time() - started
