"""Give a command: check it against the page, create its object, wait for its effect."""

from typing import Self

from rich.console import Console

from gcpypi.commanding.answer_wait import PageWatch, wait_for_answer
from gcpypi.commanding.command_author import CommandAuthor
from gcpypi.commanding.given_command import write_command
from gcpypi.commanding.recorded_files import find_records, read_record, require_recorded
from gcpypi.commanding.remaining_registers import explain_registers
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.connection.page_lookup import require_file, require_project, require_release
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.output import create_console, show_step
from schemas import layout
from schemas.events import ProjectCommand
from schemas.records import ProjectRecord

_DONE = {
    "yank": "yanked",
    "unyank": "not yanked",
    "remove": "removed",
    "restore": "listed again",
}


def check_target(connection: IndexConnection, command: ProjectCommand, console: Console) -> bool:
    """Check that the page has the target of the command. Return whether the page is readable.

    The pages do not list removed files, nor those of a quarantine. There the record is checked, if
    the author may read it.

    :raises CommandFailure: if the page has no such project, release or file.
    """
    if not connection.settings.index_url:
        console.print("the page is not checked: GCPYPI_INDEX_URL is not set")
        return False
    try:
        page = require_project(connection.index, command.project)
    except CommandFailure as failure:
        if failure.code != ExitCode.UNAVAILABLE:
            raise
        console.print(f"the page is not checked: {failure}", markup=False)
        return False
    is_hidden = command.action == "restore" or command.status == "active"
    if is_hidden or (page.status and page.status.value == "quarantined"):
        if record := read_record(find_records(connection), command.project):
            require_recorded(record, command)
    elif command.version:
        require_release(page, command.version)
    elif command.filename:
        require_file(page, command.filename)
    return True


def give_command(
    connection: IndexConnection, author: CommandAuthor, command: ProjectCommand, *, wait: bool
) -> None:
    """Create the object of a command, and wait until the page shows its effect.

    :raises CommandFailure: if the command is refused, late, interrupted, or without effect.
    """
    console = create_console(stderr=True)
    with Interruption("no command was given") as interruption, explain_cloud_errors():
        incoming, verdicts = connection.get_bucket("incoming"), connection.get_bucket("verdicts")
        has_page = check_target(connection, command, console)
        interruption.consequence = "the command was possibly given. Repeat it; that is safe"
        given = write_command(incoming, author, command)
        answer = f"gs://{verdicts.name}/{layout.locate_command_verdict(given.command_id)}"
        effect = f"the command is given, and takes effect. Its answer will be {answer}"
        interruption.consequence = effect
        console.print(f"given    gs://{incoming.name}/{given.name}", markup=False)
        if not wait:
            text = f"given as {given.command_id}; the answer will be {answer}"
            create_console().print(text, markup=False)
            return
        with show_step(console, "waiting for the answer of the index"):
            wait_for_answer(verdicts, given, connection.settings.timeout)
        console.print(f"done     command {given.command_id}", markup=False)
        if has_page:
            wait_for_effect(connection, command, console, author)


def wait_for_effect(
    connection: IndexConnection,
    command: ProjectCommand,
    console: Console,
    author: CommandAuthor | None = None,
) -> None:
    """Wait for the page, and print its state.

    :param author: author of a command that this identity of Google Cloud wrote; the records are
        read too, if its rights permit that. None: only the page is read.
    :raises CommandFailure: if the page does not change, or if another register still holds.
    """
    watch = PageWatch(connection.index, find_records(connection) if author else None, command)
    with show_step(console, "waiting for the page"):
        page, record = watch.wait_for_page(connection.settings.timeout)
    if not page.shows(command):
        raise _explain_no_effect(record, command, author)
    files = f": {', '.join(page.yanked)}" if page.yanked and not command.status else ""
    create_console().print(f"{describe_effect(command)}{files}", markup=False)


def describe_effect(command: ProjectCommand) -> str:
    """Return the state of the target after the command, as a sentence without a full stop."""
    target = command.filename or " ".join(filter(None, (command.project, command.version)))
    return f"{target} is {command.status or _DONE[command.action]}"


def _explain_no_effect(
    record: ProjectRecord | None, command: ProjectCommand, author: CommandAuthor | None
) -> CommandFailure:
    causes = explain_registers(record, command, author) if record and author else []
    text = f"the command is done, but not: {describe_effect(command)}"
    return CommandFailure(". ".join((text, *causes)), ExitCode.REFUSED)


class Interruption:
    """Context that raises an interruption as a failure with its consequence.

    :param consequence: sentence without a full stop; it changes with each step.
    """

    def __init__(self, consequence: str) -> None:
        self.consequence = consequence

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        """Raise :class:`CommandFailure` after a ``KeyboardInterrupt``."""
        if isinstance(error, KeyboardInterrupt):
            text = f"interrupted: {self.consequence}"
            raise CommandFailure(text, ExitCode.INTERRUPTED) from error
