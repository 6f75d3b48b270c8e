"""The application: a table of its commands, and the exit codes of their failures.

Each command is a thin function that imports its work in its body, so that ``--help`` and the
completion of a shell do not load Google's libraries.
"""

import signal
import sys
from typing import Annotated

import typer

from gcpypi.errors import CommandFailure
from gcpypi.subcommands.browse import list_, log, show
from gcpypi.subcommands.check import check
from gcpypi.subcommands.configure import configure
from gcpypi.subcommands.doctor import doctor
from gcpypi.subcommands.import_files import import_files
from gcpypi.subcommands.publish import publish
from gcpypi.subcommands.remove import remove, restore
from gcpypi.subcommands.repair_jobs import rebuild, reindex, replay, rescan, verify
from gcpypi.subcommands.status import activate, archive, deprecate, quarantine
from gcpypi.subcommands.token import token
from gcpypi.subcommands.yank import unyank, yank

app = typer.Typer(
    name="gcpypi",
    help="Publish to a gcpypi index, and operate it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PUBLISH = "Publish"
OPERATE = "Operate"

app.command(rich_help_panel=PUBLISH)(publish)
app.command(rich_help_panel=PUBLISH)(check)
app.command("list", rich_help_panel=PUBLISH)(list_)
app.command(rich_help_panel=PUBLISH)(show)
app.command(rich_help_panel=PUBLISH)(log)
app.command(rich_help_panel=PUBLISH)(yank)
app.command(rich_help_panel=PUBLISH)(unyank)
app.command(rich_help_panel=OPERATE)(remove)
app.command(rich_help_panel=OPERATE)(restore)
app.command(rich_help_panel=OPERATE)(quarantine)
app.command(rich_help_panel=OPERATE)(archive)
app.command(rich_help_panel=OPERATE)(deprecate)
app.command(rich_help_panel=OPERATE)(activate)
app.add_typer(token, name="token", rich_help_panel=OPERATE)
app.command(rich_help_panel=OPERATE)(doctor)
for command in (verify, rebuild, reindex, replay, rescan):
    app.command(rich_help_panel=OPERATE)(command)
app.command(rich_help_panel=PUBLISH)(configure)
app.command("import", rich_help_panel=OPERATE)(import_files)


def print_version(value: bool) -> None:
    """Print the version and exit, if the option is given."""
    if value:
        from schemas import __version__

        typer.echo(f"gcpypi {__version__}")
        raise typer.Exit


@app.callback()
def describe(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Publish to a gcpypi index, and operate it."""


def run() -> None:
    """Run the command of the arguments, and exit with its code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # CI ends a job like Ctrl-C
    try:
        app()
    except CommandFailure as failure:
        from gcpypi.output import print_failure, print_json

        print_failure(failure)
        if "--json" in sys.argv:
            print_json({"error": str(failure), "exit_code": int(failure.code)})
        sys.exit(failure.code)
