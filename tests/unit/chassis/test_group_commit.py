import asyncio
from collections.abc import Sequence

import pytest

from chassis import tracing
from chassis.group_commit import Close, GroupCommit
from chassis.tracing import MessageTrace, Span


class Recorder:
    """Commit function that records its groups and waits for permission."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, list[int]]] = []
        self.may_close, self.allowed = asyncio.Event(), asyncio.Event()
        self.may_close.set()
        self.allowed.set()
        self.failure: Exception | None = None

    async def commit(self, key: str, close: Close[int]) -> Sequence[int | Exception]:
        await self.may_close.wait()
        if self.failure:
            raise self.failure
        changes = close()
        self.groups.append((key, list(changes)))
        await self.allowed.wait()
        return [ValueError("odd") if change % 2 else change * 10 for change in changes]


async def submit(group: GroupCommit[str, int, int], *changes: int) -> "list[asyncio.Task[int]]":
    tasks = [asyncio.create_task(group.submit("acme", change)) for change in changes]
    await asyncio.sleep(0)
    return tasks


async def test_an_idle_key_commits_at_once() -> None:
    recorder = Recorder()
    assert await GroupCommit(recorder.commit).submit("acme", 2) == 20
    assert recorder.groups == [("acme", [2])]


async def test_changes_that_arrive_during_a_commit_are_grouped_in_the_next() -> None:
    recorder = Recorder()
    recorder.allowed.clear()
    group = GroupCommit(recorder.commit)
    first = await submit(group, 2)
    others = await submit(group, 4, 6, 8)
    assert not any(task.done() for task in (*first, *others))
    recorder.allowed.set()
    assert await asyncio.gather(*first, *others) == [20, 40, 60, 80]
    assert recorder.groups == [("acme", [2]), ("acme", [4, 6, 8])]


async def test_changes_that_arrive_before_the_group_closes_are_in_it() -> None:
    recorder = Recorder()
    recorder.may_close.clear()
    recorder.allowed.clear()
    group = GroupCommit(recorder.commit)
    tasks = [*await submit(group, 2), *await submit(group, 4)]
    assert recorder.groups == []
    recorder.may_close.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert recorder.groups == [("acme", [2, 4])]
    tasks += await submit(group, 6)
    recorder.allowed.set()
    assert await asyncio.gather(*tasks) == [20, 40, 60]
    assert recorder.groups == [("acme", [2, 4]), ("acme", [6])]


async def test_a_commit_that_fails_before_its_group_closes_fails_all_waiting_changes() -> None:
    recorder = Recorder()
    recorder.may_close.clear()
    recorder.failure = OSError("storage")
    group = GroupCommit(recorder.commit)
    tasks = [*await submit(group, 2), *await submit(group, 4)]
    recorder.may_close.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["storage", "storage"]
    recorder.failure = None
    assert await group.submit("acme", 6) == 60
    assert recorder.groups == [("acme", [6])]


async def test_keys_do_not_wait_for_each_other() -> None:
    recorder = Recorder()
    recorder.allowed.clear()
    group = GroupCommit(recorder.commit)
    tasks = [asyncio.create_task(group.submit(key, 2)) for key in ("acme", "zebra")]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert recorder.groups == [("acme", [2]), ("zebra", [2])]
    recorder.allowed.set()
    await asyncio.gather(*tasks)


async def test_an_exception_in_one_change_fails_only_that_change() -> None:
    recorder = Recorder()
    recorder.allowed.clear()
    group = GroupCommit(recorder.commit)
    await submit(group, 2)
    tasks = await submit(group, 4, 5, 6)
    recorder.allowed.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers[::2] == [40, 60]
    assert isinstance(answers[1], ValueError)


async def test_a_commit_that_fails_fails_its_whole_group_and_no_other() -> None:
    failures = iter([OSError("storage"), None])

    async def commit(key: str, close: Close[int]) -> Sequence[int | Exception]:
        changes = close()
        if failure := next(failures):
            raise failure
        return changes

    group = GroupCommit(commit)
    with pytest.raises(OSError, match="storage"):
        await group.submit("acme", 1)
    assert await group.submit("acme", 2) == 2


async def test_a_commit_without_a_result_for_a_change_raises() -> None:
    async def commit(key: str, close: Close[int]) -> Sequence[int | Exception]:
        close()
        return []

    with pytest.raises(RuntimeError, match="0 results for 1 changes"):
        await GroupCommit(commit).submit("acme", 1)


async def test_a_cancelled_caller_does_not_cancel_the_commit() -> None:
    recorder = Recorder()
    recorder.allowed.clear()
    group = GroupCommit(recorder.commit)
    first = await submit(group, 2)
    second = await submit(group, 4)
    first[0].cancel()
    recorder.allowed.set()
    assert await second[0] == 40
    assert recorder.groups == [("acme", [2]), ("acme", [4])]


def make_trace(number: int) -> MessageTrace:
    return MessageTrace(Span(f"{number:032x}", "1" * 16))


async def test_a_commit_continues_its_first_trace_and_the_others_refer_to_it() -> None:
    allowed, committed = asyncio.Event(), []

    async def commit(key: str, close: Close[int]) -> Sequence[int | Exception]:
        changes = close()
        committed.append((list(changes), tracing.find_current()))
        await allowed.wait()
        return changes

    async def submit_traced(change: int, trace: MessageTrace | None) -> int:
        with tracing.continue_trace(trace):
            return await group.submit("acme", change)

    group = GroupCommit(commit)
    alone, first, second = make_trace(1), make_trace(2), make_trace(3)
    given = [alone, None, first, make_trace(2), second]
    tasks = []
    for change, trace in enumerate(given):
        tasks.append(asyncio.create_task(submit_traced(change, trace)))
        await asyncio.sleep(0)
    allowed.set()
    await asyncio.gather(*tasks)

    assert committed == [([0], alone), ([1, 2, 3, 4], first)]
    assert [trace.announced for trace in given if trace] == [None, None, None, first.span]
