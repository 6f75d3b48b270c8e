"""Wait for the verdict on a command, for its answer, and for its effect on the page."""

from dataclasses import dataclass
from typing import TypeVar

from cloud.errors import PermissionDenied
from cloud.ports import Bucket
from gcpypi.commanding.given_command import GivenCommand
from gcpypi.commanding.recorded_files import read_record
from gcpypi.commanding.visible_files import VisibleFiles
from gcpypi.connection.answers import READ_REMEDY, Polling, find_command_verdict, find_verdict
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.connection.index_client import IndexClient
from gcpypi.errors import CommandFailure, ExitCode
from schemas import layout
from schemas.events import ProjectCommand
from schemas.records import ProjectRecord

T = TypeVar("T")
SETTLING = 30.0
"""Seconds from the answer to an unchanged page, after which another register is the likely cause.

Only for authors without the right to read the record, which has the cause.
"""


def wait_for_answer(verdicts: Bucket, given: GivenCommand, timeout: float) -> None:
    """Return when the indexer has executed the command.

    :param timeout: seconds.
    :raises CommandFailure: if the command is refused, if its answer may not be read, or if there
        is none in time.
    """
    polling = Polling(timeout)
    name, command_id = given.name, given.command_id
    address = f"gs://{verdicts.name}/{layout.locate_command_verdict(command_id)}"
    with explain_cloud_errors(
        {PermissionDenied: f"the command can still take effect; {READ_REMEDY}"}
    ):
        verdict = polling.wait_for(lambda: find_verdict(verdicts, name, given.generation))
        if verdict is None:
            raise explain_timeout("ingest has no verdict on the command", timeout, address)
        if verdict.outcome == "refused":
            raise explain_refusal(verdict.reason, verdict.detail)
        polling.reset_pauses()
        answer = polling.wait_for(lambda: find_command_verdict(verdicts, command_id))
    if answer is None:
        raise explain_timeout("the indexer has no answer to the command", timeout, address)
    if answer.outcome == "refused":
        raise explain_refusal(answer.reason, answer.detail)


def explain_refusal(reason: str | None, detail: str | None) -> CommandFailure:
    """Return the failure of a refused command."""
    return CommandFailure(f"refused ({reason}): {detail}", ExitCode.REFUSED)


def explain_timeout(fact: str, timeout: float, address: str) -> CommandFailure:
    """Return the failure of a command without an answer in time."""
    text = f"{fact} after {timeout:g} s. It can still take effect; the answer will be {address}"
    return CommandFailure(text, ExitCode.TIMEOUT)


@dataclass(frozen=True, slots=True)
class PageWatch:
    """Page and record of the project of a command that is done.

    :param records: bucket of the records; None if it is not known.
    """

    index: IndexClient
    records: Bucket | None
    command: ProjectCommand

    def wait_for_page(self, timeout: float) -> tuple[VisibleFiles, ProjectRecord | None]:
        """Return the state of the page as soon as it has the effect of the command.

        With the record, the page has to agree with it. So a command without an effect, because
        another register holds, ends the wait as well.

        :param timeout: seconds.
        :raises CommandFailure: if the page is still another one at the end.
        """
        patience = timeout if self._read_record() else min(timeout, SETTLING)
        found = Polling(patience).wait_for(self._find_effect)
        if found:
            return found
        raise CommandFailure(self._explain_old_page(patience), ExitCode.TIMEOUT)

    def _find_effect(self) -> tuple[VisibleFiles, ProjectRecord | None] | None:
        record = self._read_record()  # before the page, which can be newer
        page = VisibleFiles.from_page(self.index.find_project(self.command.project), self.command)
        if record:
            is_shown = page == VisibleFiles.from_record(record, self.command)
        else:
            is_shown = page.shows(self.command)
        return (page, record) if is_shown else None

    def _read_record(self) -> ProjectRecord | None:
        return read_record(self.records, self.command.project)

    def _explain_old_page(self, patience: float) -> str:
        page = f"the page of {self.command.project}"
        text = f"the command is done, but {page} does not show it after {patience:g} s"
        if self._read_record():
            return f"{text}. An operator finds the cause with: python -m publisher verify"
        return f"{text}. Possibly {_CAUSES[self.command.action]}: ask an operator"


_CAUSES = {
    "yank": "the page is late",
    "unyank": "an operator's yank still holds, which an uploader cannot lift",
    "remove": "the page is late",
    "restore": "the project or the release is quarantined",
    "set-status": "a quarantine of the project or of the release still holds",
}
"""Likely causes, for an author without the right to read the record."""
