"""Commands ``gcpypi verify``, ``rebuild``, ``reindex``, ``replay`` and ``rescan``."""

from collections.abc import Sequence
from typing import Annotated

import typer

from gcpypi.arguments import Description, IndexUrl

Projects = Annotated[
    list[str] | None,
    typer.Argument(metavar="PROJECT", help="only these projects; in Google Cloud for owners"),
]
Patience = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", help="time to wait for the end of the job; default: any"
    ),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="start the job in Google Cloud, and do not wait for it")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="print the work; change nothing")]


def verify(
    projects: Projects = None,
    read_bytes: Annotated[
        bool, typer.Option("--bytes", help="also read and hash every file")
    ] = False,
    patience: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="time until differences are checked again; default: 30"
        ),
    ] = None,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Compare all pages and files with the records.

    It changes nothing. In Google Cloud only an owner can give arguments.

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 3 not finished in time, 4 no access.

    \b
    Examples:
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

    Exit codes: 0 done, 1 the job failed, 2 wrong usage, 3 not finished in time, 4 no access.

    \b
    Examples:
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

    Exit codes: 0 done, 1 an object was not promoted by ingest, 2 wrong usage, 3 not finished in
    time, 4 no access.

    \b
    Examples:
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

    Exit codes: 0 done, 1 the job failed, 2 wrong usage, 3 not finished in time, 4 no access.

    \b
    Examples:
      gcpypi replay
      gcpypi replay --dry-run
    """
    names = ["--subscription", *subscription] if subscription else []
    arguments = [*names, *_give("--filter", only), *(["--dry-run"] if dry_run else [])]
    _run("replay", arguments, no_wait, timeout, index_url, description)


def rescan(
    days: Annotated[
        int | None,
        typer.Option(min=1, max=45, metavar="N", help="days to look back; default: 30"),
    ] = None,
    dry_run: DryRun = False,
    no_wait: NoWait = False,
    timeout: Patience = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Announce the uploads without an answer again.

    An upload has an answer when ingest has written its verdict.

    Exit codes: 0 done, 1 the job failed, 2 wrong usage, 3 not finished in time, 4 no access.

    \b
    Examples:
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
