"""The application: a table of its commands, and the exit codes of their failures.

Each command is a thin function that imports its work in its body, so that ``--help`` and the
completion of a shell do not load Google's libraries.
"""

import gc
import signal
import sys
from typing import Annotated

import typer

from gcpypi.errors import CommandFailure
from gcpypi.help_pages import HelpCommand, HelpGroup
from gcpypi.subcommands.browse import list_, log, show
from gcpypi.subcommands.check import check
from gcpypi.subcommands.configure import configure
from gcpypi.subcommands.doctor import doctor
from gcpypi.subcommands.identity_commands import identity
from gcpypi.subcommands.import_files import import_files
from gcpypi.subcommands.publish import publish
from gcpypi.subcommands.remove import remove, restore
from gcpypi.subcommands.repair_jobs import rebuild, reindex, replay, rescan, verify
from gcpypi.subcommands.status import activate, archive, deprecate, quarantine
from gcpypi.subcommands.token import token
from gcpypi.subcommands.yank import unyank, yank

PUBLISH = (publish, check, list_, show, log, yank, unyank, configure)
OPERATE = (
    remove,
    restore,
    quarantine,
    archive,
    deprecate,
    activate,
    doctor,
    verify,
    rebuild,
    reindex,
    replay,
    rescan,
    import_files,
)
NAMES = {list_: "list", import_files: "import"}
"""Names of the commands with functions of other names."""

HELP = """Publish to a gcpypi index, and operate it.

GCPYPI_INDEX_URL is the one setting that all commands need: the URL of the index, with the token of
a reader. Each command has its own help: gcpypi COMMAND --help.

\b
Examples:
  export GCPYPI_INDEX_URL=https://__token__:TOKEN@pypi.example.com/simple/
  gcpypi publish dist/
  gcpypi list
"""

app = typer.Typer(
    name="gcpypi",
    cls=HelpGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for panel, commands in (("Publish", PUBLISH), ("Operate", OPERATE)):
    for command in commands:
        app.command(NAMES.get(command), cls=HelpCommand, rich_help_panel=panel)(command)
app.add_typer(token, name="token", rich_help_panel="Operate")
app.add_typer(identity, name="identity", rich_help_panel="Operate")


def print_version(value: bool) -> None:
    """Print the version and exit, if the option is given."""
    if value:
        from schemas import __version__

        typer.echo(f"gcpypi {__version__}")
        raise typer.Exit


@app.callback(help=HELP)
def describe(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="print the version and exit"
        ),
    ] = False,
) -> None:
    """Take the options that precede a command."""


COLLECT_AFTER = 50_000
"""New objects after which Python looks for garbage: imports make many objects, little garbage."""


def run() -> None:
    """Run the command of the arguments, and exit with its code.

    At the exit Python would look for garbage among all objects, which takes as long as a request.
    So they are frozen before.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # CI ends a job like Ctrl-C
    gc.set_threshold(COLLECT_AFTER)
    try:
        app()
    except CommandFailure as failure:
        from gcpypi.output import print_failure, print_json

        print_failure(failure)
        if "--json" in sys.argv:
            print_json({"error": str(failure), "exit_code": int(failure.code)})
        sys.exit(failure.code)
    finally:
        gc.freeze()
