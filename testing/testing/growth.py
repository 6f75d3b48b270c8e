"""Growth of CPU time with the size of the input, as a ratio that does not depend on the machine."""

import time
from collections.abc import Callable

ATTEMPTS = 5
"""Measurements of a ratio. The smallest one counts, because other load only adds time."""

LIMIT = 3
"""Ratio between that of linear time, about 2, and that of quadratic time, about 4."""


def is_linear(function: Callable[[bytes], object], half: bytes, whole: bytes) -> bool:
    """Return whether ``function`` takes linear CPU time.

    :param half: an input of half the size of ``whole``.
    """
    return any(
        _measure(function, whole) < LIMIT * _measure(function, half) for _ in range(ATTEMPTS)
    )


def _measure(function: Callable[[bytes], object], data: bytes) -> float:
    started = time.process_time()
    function(data)
    return time.process_time() - started
