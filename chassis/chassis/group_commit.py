"""Group commit: changes to one key that arrive during a commit are merged into the next commit.

Cloud Storage accepts about one write per second to one object name. With one commit per message,
messages would wait in a queue. A group commit starts at once for an idle key, and needs few writes
for a busy key. Changes that arrive before its admission, such as during a request for the size of
the object, belong to its group.

A commit continues the trace of its first change, also in the messages that announce it. The traces
of the other changes get a reference to that trace (:mod:`chassis.tracing`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.tracing import MessageTrace, continue_trace, find_current

Key = TypeVar("Key", bound=Hashable)
Change = TypeVar("Change")
Result = TypeVar("Result")

Commit = Callable[[Key, Sequence[Change]], Awaitable[Sequence[Result | Exception]]]
"""Function that makes all changes to a key durable and returns one result or exception for each."""

Admission = Callable[[Key], AbstractAsyncContextManager[None]]
"""Function that returns the context of a commit to a key. It can wait until the commit may begin."""


def _admit_at_once(key: Hashable) -> AbstractAsyncContextManager[None]:
    return nullcontext()


@dataclass(slots=True)
class _PendingChange(Generic[Change, Result]):
    change: Change
    answer: "asyncio.Future[Result]"
    trace: MessageTrace | None


class GroupCommit(Generic[Key, Change, Result]):
    """Group commit with at most one commit per key at a time. Use it in one event loop only.

    :param admit: the context of each commit. The group closes when it is entered.
    """

    def __init__(
        self, commit: Commit[Key, Change, Result], admit: Admission[Key] = _admit_at_once
    ) -> None:
        self._commit, self._admit = commit, admit
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
        """Commit the changes that wait at the admission.

        Answer each, with the exception of admission or commit if there is one.
        """
        group: list[_PendingChange[Change, Result]] | None = None
        results: Sequence[Result | Exception]
        try:
            async with self._admit(key):
                group = self._waiting.pop(key)
                results = await self._commit_group(key, group)
        except Exception as error:  # submit() raises it for every change of the group
            group = group or self._waiting.pop(key)
            results = [error] * len(group)
        for pending, result in zip(group, results, strict=True):
            _answer(pending.answer, result)

    async def _commit_group(
        self, key: Key, group: Sequence[_PendingChange[Change, Result]]
    ) -> Sequence[Result | Exception]:
        with continue_trace(_refer_to_first(group)):
            results = await self._commit(key, [pending.change for pending in group])
        if len(results) != len(group):
            raise RuntimeError(f"{len(results)} results for {len(group)} changes")
        return results


def _refer_to_first(group: Sequence[_PendingChange[Change, Result]]) -> MessageTrace | None:
    """Return the first trace of a group, and refer to it in the other traces."""
    traces = [pending.trace for pending in group if pending.trace is not None]
    for trace in traces[1:]:
        if trace.span.trace_id != traces[0].span.trace_id:
            trace.announced = traces[0].span
    return traces[0] if traces else None


def _answer(answer: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if answer.done():  # the caller was cancelled
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
