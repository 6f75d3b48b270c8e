"""Yanks of the source as commands of an operator."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cloud.ports import Bucket, Headers
from gcpypi.connection.answers import Polling, find_command_verdict
from gcpypi.errors import CommandFailure
from gcpypi.importing.import_result import ImportResult
from gcpypi.importing.target_pages import TargetPages
from schemas import layout
from schemas.headers import JSON, NO_STORE

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
    """Commands of one operator, under the run id of the import."""

    incoming: Bucket
    verdicts: Bucket
    operator: str
    run: str
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
        filename = result.file.filename
        name = f"{layout.OPERATORS}/{self.operator}/{self.run}/{filename}{layout.COMMAND_SUFFIX}"
        reason = (result.file.yanked or "")[:MAX_REASON]
        command = {"action": "yank", "project": result.file.project, "filename": filename}
        data = json.dumps({**command, **({"reason": reason} if reason else {})}).encode()
        info = self.incoming.write(name, data, Headers(JSON, NO_STORE), if_generation=0)
        return layout.derive_command_id(name, info.generation)


def is_yank_missing(pages: TargetPages, result: ImportResult) -> bool:
    """Return whether a file is listed by the index, and yanked at the source only."""
    file = result.file
    if file.yanked is None or not file.project:
        return False
    listed = pages.get_files(file.project).get(file.filename)
    return listed is not None and not listed.is_yanked


def require_operator(operator: str | None) -> str:
    """Return the name of the operator.

    :raises CommandFailure: if it is not set.
    """
    if operator:
        return operator
    raise CommandFailure(
        "--map-yanks gives commands as an operator: set GCPYPI_OPERATOR to your name in operators "
        "of Terraform"
    )
