"""Group commit: changes to one key that arrive during a commit are merged into the next commit.

Cloud Storage accepts about one write per second to one object name. With one commit per message,
messages would wait in a queue. A group commit starts at once for an idle key, and needs few writes
for a busy key. A commit can close its group late, for example after a read: the changes that arrive
before belong to it.

A commit continues the trace of its first change, also in the messages that announce it. The traces
of the other changes get a reference to that trace (:mod:`chassis.tracing`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.tracing import MessageTrace, continue_trace, find_current

Key = TypeVar("Key", bound=Hashable)
Change = TypeVar("Change")
Result = TypeVar("Result")

Close = Callable[[], Sequence[Change]]
"""Function that closes the group of a commit, and returns its changes. A commit calls it once."""

Commit = Callable[[Key, Close[Change]], Awaitable[Sequence[Result | Exception]]]
"""Function that makes all changes to a key durable and returns one result or exception for each."""


@dataclass(slots=True)
class _PendingChange(Generic[Change, Result]):
    change: Change
    answer: "asyncio.Future[Result]"
    trace: MessageTrace | None


class GroupCommit(Generic[Key, Change, Result]):
    """Group commit with at most one commit per key at a time. Use it in one event loop only."""

    def __init__(self, commit: Commit[Key, Change, Result]) -> None:
        self._commit = commit
        self._waiting: dict[Key, list[_PendingChange[Change, Result]]] = {}
        self._running: dict[Key, asyncio.Task[None]] = {}

    async def submit(self, key: Key, change: Change) -> Result:
        """Return when ``change`` is durable, or raise the exception that prevented it.

        If the commit returns an exception for a change, only this change fails. If the commit
        raises an exception, all changes of the group fail. The cancellation of the caller does not
        cancel the commit.
        """
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        pending = _PendingChange(change, answer, find_current())
        self._waiting.setdefault(key, []).append(pending)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._drain(key))
        return await answer

    async def _drain(self, key: Key) -> None:
        while key in self._waiting:
            await self._run(key)
        del self._running[key]

    async def _run(self, key: Key) -> None:
        """Commit the changes that wait when the commit closes its group, and answer each."""
        group: list[_PendingChange[Change, Result]] = []
        leader = _find_trace(self._waiting[key])

        def close() -> Sequence[Change]:
            group.extend(self._waiting.pop(key))
            _refer(group, leader)
            return [pending.change for pending in group]

        results: Sequence[Result | Exception]
        try:
            with continue_trace(leader):
                results = await self._commit(key, close)
            if not group or len(results) != len(group):
                raise RuntimeError(f"{len(results)} results for {len(group)} changes")
        except Exception as error:  # submit() raises it for every change of the group
            group = group or self._waiting.pop(key)
            results = [error] * len(group)
        for pending, result in zip(group, results, strict=True):
            _answer(pending.answer, result)


def _find_trace(group: Sequence[_PendingChange[Change, Result]]) -> MessageTrace | None:
    """Return the first trace."""
    return next((pending.trace for pending in group if pending.trace is not None), None)


def _refer(group: Sequence[_PendingChange[Change, Result]], leader: MessageTrace | None) -> None:
    """Refer to the trace of a commit in the other traces of its group."""
    for pending in group:
        trace = pending.trace
        if leader and trace and trace.span.trace_id != leader.span.trace_id:
            trace.announced = leader.span


def _answer(answer: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if answer.done():  # the caller was cancelled
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
