"""Commands ``gcpypi verify``, ``rebuild``, ``reindex``, ``replay`` and ``rescan``."""

from collections.abc import Sequence
from typing import Annotated

import typer

from gcpypi.arguments import Description, IndexUrl, NoWait

Projects = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROJECT", help="only these projects; in Google Cloud for owners"),
]
Patience = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="time to wait; default: until the end"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="print the work; change nothing")]


def verify(
    projects: Projects = None,
    read_bytes: Annotated[
        bool, typer.Option("--bytes", help="also read and hash every file")
    ] = False,
    patience: Annotated[
        float | None, typer.Option(help="seconds until differences are checked again")
    ] = None,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Compare all pages and files with the records.

    It changes nothing. The exit code is 1 if there is a difference. In Google Cloud only an owner
    can give arguments.

    [bold]Examples[/bold]

    \b
      gcpypi verify
      gcpypi verify --bytes acme
    """
    arguments = [*(["--bytes"] if read_bytes else []), *_give("--patience", patience)]
    _run("verify", [*arguments, *(projects or ())], no_wait, timeout, index_url, description)


def rebuild(
    projects: Projects = None,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Publish the pages again from the records.

    [bold]Examples[/bold]

    \b
      gcpypi rebuild
      gcpypi rebuild acme tools
    """
    _run("rebuild", projects or (), no_wait, timeout, index_url, description)


def reindex(
    projects: Projects = None,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Announce the promoted files again, so that their facts are recorded.

    The exit code is 1 if an object was not promoted by ingest.

    [bold]Examples[/bold]

    \b
      gcpypi reindex
      gcpypi reindex acme
    """
    _run("reindex", projects or (), no_wait, timeout, index_url, description)


def replay(
    subscription: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="only its dead letters (repeatable)")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("--filter", metavar="TEXT|KEY=VALUE", help="only the letters with this text"),
    ] = None,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Publish the dead letters again, after the correction of their cause.

    [bold]Examples[/bold]

    \b
      gcpypi replay
      gcpypi replay --dry-run
    """
    names = ["--subscription", *subscription] if subscription else []
    arguments = [*names, *_give("--filter", only), *(["--dry-run"] if dry_run else [])]
    _run("replay", arguments, no_wait, timeout, index_url, description)


def rescan(
    days: Annotated[int | None, typer.Option(help="days to look back, 1 to 45")] = None,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Announce the uploads without an answer again.

    [bold]Examples[/bold]

    \b
      gcpypi rescan
      gcpypi rescan --days 7 --dry-run
    """
    arguments = [*_give("--days", days), *(["--dry-run"] if dry_run else [])]
    _run("rescan", arguments, no_wait, timeout, index_url, description)


def _give(option: str, value: object) -> Sequence[str]:
    """Return an option with its value as words; nothing without a value."""
    return () if value is None else (option, str(value))


def _run(
    command: str,
    arguments: Sequence[str],
    no_wait: bool,
    timeout: float | None,
    index_url: str | None,
    description: object,
) -> None:
    from gcpypi.connection.index_connection import connect
    from gcpypi.operating.repair import repair

    connection = connect(index_url=index_url, description=description)
    code = repair(connection, command, arguments, wait=not no_wait, timeout=timeout)
    raise typer.Exit(code)
