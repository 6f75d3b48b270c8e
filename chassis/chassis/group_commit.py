"""Group commit: changes to one key that arrive while a commit runs are made by the next one, once.

Cloud Storage takes about one write a second to one object name. A commit for each message would
queue; a group commit answers an idle key at once, and a busy one in as few writes as it takes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Change = TypeVar("Change")
Result = TypeVar("Result")

Commit = Callable[[Key, Sequence[Change]], Awaitable[Sequence[Result | Exception]]]
"""Make ``changes`` to ``key`` durable, together, and answer each with a result or its exception."""


@dataclass(slots=True)
class _Waiting(Generic[Change, Result]):
    change: Change
    answer: "asyncio.Future[Result]"


class GroupCommit(Generic[Key, Change, Result]):
    """Runs at most one commit a key at a time; belongs to one event loop."""

    def __init__(self, commit: Commit[Key, Change, Result]) -> None:
        self._commit = commit
        self._waiting: dict[Key, list[_Waiting[Change, Result]]] = {}
        self._running: dict[Key, asyncio.Task[None]] = {}

    async def submit(self, key: Key, change: Change) -> Result:
        """Return when ``change`` is durable, or raise what kept it from becoming so.

        An exception that a commit returns for one change answers that change alone; one that it
        raises answers all of its group. Cancelling the caller does not cancel the commit.
        """
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(_Waiting(change, answer))
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._drain(key))
        return await answer

    async def _drain(self, key: Key) -> None:
        while group := self._waiting.pop(key, None):
            await self._run(key, group)
        del self._running[key]

    async def _run(self, key: Key, group: list[_Waiting[Change, Result]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._commit(key, [waiting.change for waiting in group])
            if len(results) != len(group):
                raise RuntimeError(f"{len(results)} results for {len(group)} changes")
        except Exception as error:  # handed to every caller, who answers for it
            results = [error] * len(group)
        for waiting, result in zip(group, results, strict=True):
            _answer(waiting.answer, result)


def _answer(answer: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if answer.done():  # its caller was cancelled
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
