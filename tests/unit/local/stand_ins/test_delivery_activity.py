"""Wait of deferred deliveries for the pauses of the others."""

import asyncio

from local.stand_ins.delivery_activity import DeliveryActivity
from testing.memory_proxy import Clock


async def wait_briefly(activity: DeliveryActivity) -> bool:
    """Return whether the wait ends at once."""
    wait = asyncio.create_task(activity.wait_for_pause())
    await asyncio.sleep(0)
    wait.cancel()
    return wait.done()


async def test_without_deliveries_nothing_waits() -> None:
    assert await wait_briefly(DeliveryActivity(clock=Clock()))


async def test_an_open_delivery_is_awaited() -> None:
    activity = DeliveryActivity(clock=Clock())
    with activity.track():
        assert not await wait_briefly(activity)


async def test_a_pause_begins_some_time_after_the_last_delivery() -> None:
    clock = Clock()
    activity = DeliveryActivity(pause=0.3, clock=clock)
    with activity.track():
        clock.now += 5
    clock.now += 0.2
    assert not await wait_briefly(activity)
    clock.now += 0.2
    assert await wait_briefly(activity)


async def test_long_activity_does_not_delay_further() -> None:
    clock = Clock()
    activity = DeliveryActivity(pause=0.3, longest=30, clock=clock)
    for _ in range(301):
        with activity.track():
            clock.now += 0.1
    assert await wait_briefly(activity)


async def test_a_pause_begins_the_longest_time_again() -> None:
    clock = Clock()
    activity = DeliveryActivity(pause=0.3, longest=30, clock=clock)
    with activity.track():
        clock.now += 31
    clock.now += 1
    with activity.track():
        assert not await wait_briefly(activity)
