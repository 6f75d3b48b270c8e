"""Yanks of the source as commands of an operator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.ports import Bucket
from gcpypi.commanding.command_author import CommandAuthor, choose_author
from gcpypi.commanding.given_command import create_command, write_command
from gcpypi.connection.answers import Polling, find_command_verdict
from gcpypi.errors import CommandFailure
from gcpypi.importing.import_result import ImportResult
from gcpypi.importing.target_pages import TargetPages
from gcpypi.settings import Settings

MAX_REASON = 500
"""Longest reason of a command, in characters."""


@dataclass(frozen=True, slots=True)
class YankedFile:
    """Answer to the command that yanks a file."""

    filename: str
    outcome: str
    """``done``, ``refused`` or ``unanswered``."""
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class YankCommands:
    """Commands of one operator."""

    incoming: Bucket
    verdicts: Bucket
    operator: CommandAuthor
    timeout: float
    """Seconds to wait for the answer to all commands."""

    def send(self, pages: TargetPages, results: Sequence[ImportResult]) -> Iterator[YankedFile]:
        """Yank the files that are yanked at the source only, and yield each answer."""
        sent = [(r, self._create(r)) for r in results if is_yank_missing(pages, r)]
        polling = Polling(self.timeout)
        for result, command_id in sent:
            answer = polling.wait_for(partial(find_command_verdict, self.verdicts, command_id))
            outcome = answer.outcome if answer else "unanswered"
            yield YankedFile(result.file.filename, outcome, answer.detail if answer else None)

    def _create(self, result: ImportResult) -> str:
        """Create the object of a command, and return the id of the command."""
        command = create_command(
            action="yank",
            project=result.file.project,
            filename=result.file.filename,
            reason=(result.file.yanked or "")[:MAX_REASON] or None,
        )
        return write_command(self.incoming, self.operator, command).command_id


def is_yank_missing(pages: TargetPages, result: ImportResult) -> bool:
    """Return whether a file is listed by the index, and yanked at the source only."""
    file = result.file
    if file.yanked is None or not file.project:
        return False
    listed = pages.get_files(file.project).get(file.filename)
    return listed is not None and not listed.is_yanked


def require_operator(settings: Settings) -> CommandAuthor:
    """Return the operator of the settings.

    :raises CommandFailure: if it is not set, or not valid.
    """
    if settings.operator:
        return choose_author(settings, None, settings.operator)
    raise CommandFailure(
        "--map-yanks gives commands as an operator: set GCPYPI_OPERATOR to your name in operators "
        "of Terraform"
    )
