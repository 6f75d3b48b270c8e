"""Number of function calls, as a measure of cost that does not depend on the machine."""

import gc
import sys
from collections.abc import Callable
from types import FrameType


def count_calls(function: Callable[[], object]) -> int:
    """Call ``function``; return the number of calls of Python and C functions, its own included.

    A resumed generator counts as a call. Other threads do not count. Compare the counts of a small
    and a large input in place of times: counts are the same on each machine and under each load.
    Garbage is not collected meanwhile, because Hypothesis has a callback for each collection.
    """
    count = 0

    def record(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    previous, is_collecting = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(record)
    try:
        function()
    finally:
        sys.setprofile(previous)
        if is_collecting:
            gc.enable()
    return count - 1  # the last call is that of ``sys.setprofile``
