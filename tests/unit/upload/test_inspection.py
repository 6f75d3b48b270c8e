"""Checks in a thread: their end after an interruption."""

import asyncio
import gc
import threading
from collections.abc import Iterable

import pytest
from anyio import CapacityLimiter

from checks.refusal import Reason, Refused
from upload.legacy.inspection import Inspection


async def test_a_refusal_after_an_interruption_is_no_error_of_the_event_loop() -> None:
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    is_interrupted, threads = threading.Event(), CapacityLimiter(1)

    def refuse(chunks: Iterable[bytes]) -> None:
        is_interrupted.wait(60)
        raise Refused(Reason.NOT_A_ZIP, "the file ends at byte 1")

    inspection = Inspection(refuse, threads)
    closing = asyncio.ensure_future(inspection.aclose())
    await asyncio.sleep(0.05)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    is_interrupted.set()
    while threads.borrowed_tokens:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    del inspection, closing
    gc.collect()

    assert faults == []
