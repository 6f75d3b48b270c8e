"""Push endpoints of the indexer: decode a message, commit its change, answer a command."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool

from chassis.app import create_worker
from chassis.group_commit import Close, GroupCommit
from chassis.outcomes import Outcome
from indexer.command_answers import Answers
from indexer.commit import Records
from indexer.issued_command import CommandRefused, IssuedCommand
from indexer.large_records import RecordQueue
from indexer.merge import Change
from schemas.events import CommandAccepted, FileAccepted, ProjectCommand
from schemas.names import ProjectName
from schemas.push import PushEnvelope, UnreadableMessage
from schemas.verdict_documents import CommandVerdict

FILE_ACCEPTED = "indexer-file-accepted"
PROJECT_COMMAND = "indexer-project-command"
COMMAND_ACCEPTED = "indexer-command-accepted"


class Indexer:
    """Handlers of the three subscriptions; each returns after its commit and announcement."""

    def __init__(
        self,
        records: Records,
        answers: Answers,
        now: Callable[[], datetime],
        command_grace: timedelta,
    ) -> None:
        self._records = records
        self._answers = answers
        self._now = now
        self._command_grace = command_grace
        self._queue = RecordQueue()
        self._group = GroupCommit[ProjectName, Change, None](self._commit)

    async def record_file(self, push: PushEnvelope) -> Outcome:
        """Record the facts of a file.

        :raises UnreadableMessage: if the message, which comes from ingest, cannot be decoded.
        """
        file = FileAccepted.decode(push.message.data).file
        await self._group.submit(file.project, file)
        return Outcome("done", project=file.project, file=file.filename)

    async def execute_command(self, push: PushEnvelope) -> Outcome:
        """Execute a command of a message, or refuse it if it can never be executed.

        Ignore a field ``issued_by``, because the sender could write any name in it.
        """
        message = push.message
        try:
            command = ProjectCommand.decode(message.data)
        except UnreadableMessage as error:
            return await self._refuse(message.message_id, "unreadable-message", error.detail)
        command_id = command.command_id or message.message_id
        resolve = partial(
            IssuedCommand.from_command,
            command,
            command_id,
            message.publish_time,
            self._command_grace,
        )
        return await self._execute(command, command_id, resolve)

    async def execute_accepted_command(self, push: PushEnvelope) -> Outcome:
        """Execute a command that ingest accepted from an incoming object, and record its author.

        :raises UnreadableMessage: if the message, which comes from ingest, cannot be decoded.
        """
        message = push.message
        issued = IssuedCommand.from_accepted(
            CommandAccepted.decode(message.data), message.publish_time, self._command_grace
        )
        return await self._execute(issued.command, issued.command_id, lambda: issued)

    async def _execute(
        self, command: ProjectCommand, command_id: str, resolve: Callable[[], IssuedCommand]
    ) -> Outcome:
        """Execute a command and answer it, or answer with its refusal, which is final."""
        if refusal := await run_in_threadpool(self._answers.find_refusal, command_id):
            await self._answer(refusal)
            return _build_refused_outcome(refusal, command.project)
        try:
            await self._group.submit(command.project, resolve())
        except CommandRefused as error:
            return await self._refuse(command_id, error.reason, error.detail, command.project)
        await self._answer(CommandVerdict(outcome="done", command_id=command_id, time=self._now()))
        return Outcome("done", project=command.project, file=command.filename)

    async def _commit(
        self, project: ProjectName, close: Close[Change]
    ) -> Sequence[Exception | None]:
        found = await run_in_threadpool(self._records.find, project)
        async with self._queue.admit(found if isinstance(found, int) else 0):
            return await run_in_threadpool(self._records.commit, project, close(), found)

    async def _refuse(
        self, command_id: str, reason: str, detail: str, project: str | None = None
    ) -> Outcome:
        verdict = CommandVerdict(
            outcome="refused",
            command_id=command_id,
            time=self._now(),
            reason=reason,
            detail=detail,
        )
        await self._answer(verdict)
        return _build_refused_outcome(verdict, project)

    async def _answer(self, verdict: CommandVerdict) -> None:
        await run_in_threadpool(self._answers.store, verdict)


def _build_refused_outcome(verdict: CommandVerdict, project: str | None) -> Outcome:
    return Outcome("refused", project=project, reason=verdict.reason, detail=verdict.detail)


def create_app(indexer: Indexer, gcp_project: str, ready: Callable[[], object]) -> Starlette:
    """Create the application."""
    handlers = {
        FILE_ACCEPTED: indexer.record_file,
        PROJECT_COMMAND: indexer.execute_command,
        COMMAND_ACCEPTED: indexer.execute_accepted_command,
    }
    return create_worker(gcp_project, handlers, ready)
