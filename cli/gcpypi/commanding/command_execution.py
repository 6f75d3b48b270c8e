"""Execution of a subcommand that gives a command: settings, author, confirmation."""

import sys

import typer

from gcpypi.arguments import CommandOptions
from gcpypi.commanding.command_author import CommandAuthor, choose_author
from gcpypi.commanding.command_service import CommandService, give_to_service
from gcpypi.commanding.give import give_command
from gcpypi.commanding.given_command import create_command
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import CommandFailure, ExitCode
from gcpypi.settings import load_settings
from schemas.events import ProjectCommand

_QUESTIONS = {
    "remove": "Remove {}? Installers no longer find it, and its file names stay taken.",
    "quarantined": "Quarantine {}? Its pages list no files, and its downloads are 404.",
}
"""Questions before a command, by action or status."""


def execute_command(
    options: CommandOptions, *, ask: bool = False, **fields: str | bool | None
) -> None:
    """Give a command of these fields.

    :param ask: true to ask for a confirmation, on a terminal only.
    :raises CommandFailure: if the command is not valid, not confirmed, or without effect.
    """
    settings = load_settings(index_url=options.index_url, timeout=options.timeout)
    named = (options.uploader, options.operator, settings.uploader, settings.operator)
    service = CommandService.find(settings, has_author=any(named))
    author = None if service else choose_author(settings, options.uploader, options.operator)
    if fields.get("of_uploaders") and not (author and author.is_operator):
        raise CommandFailure("--of-uploaders is an option of operators: give --operator NAME")
    given = {name: value for name, value in fields.items() if value}
    if "status" not in given and ("version" in given) == ("filename" in given):
        raise CommandFailure("give either VERSION or --file FILENAME")
    command = create_command(**given)
    if ask and sys.stdin.isatty():
        target = command.filename or " ".join(filter(None, (command.project, command.version)))
        _confirm(_QUESTIONS[command.status or command.action].format(target))
    _give(IndexConnection(settings), service, author, command, wait=not options.no_wait)


def _give(
    connection: IndexConnection,
    service: CommandService | None,
    author: CommandAuthor | None,
    command: ProjectCommand,
    *,
    wait: bool,
) -> None:
    if service:
        give_to_service(service, connection, command, wait=wait)
    elif author:
        give_command(connection, author, command, wait=wait)


def _confirm(question: str) -> None:
    try:
        is_confirmed = typer.confirm(question, err=True)
    except typer.Abort:  # Ctrl-C or Ctrl-D
        text = "interrupted: no command was given"
        raise CommandFailure(text, ExitCode.INTERRUPTED) from None
    if not is_confirmed:
        raise CommandFailure("not confirmed: no command was given")
