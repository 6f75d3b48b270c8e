"""Command ``gcpypi import``."""

from typing import Annotated

import typer

from gcpypi.arguments import IndexUrl, Json, Timeout


def import_files(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="directory, gs://bucket/raw/, or URL of an index (…/simple/)"
        ),
    ],
    index_url: IndexUrl = None,
    project: Annotated[
        list[str] | None,
        typer.Option("--project", metavar="GLOB", help="only these projects (repeatable)"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="download and check, and upload nothing")
    ] = False,
    map_yanks: Annotated[
        bool, typer.Option("--map-yanks", help="yank what is yanked at the source")
    ] = False,
    operator: Annotated[
        str | None,
        typer.Option(
            "--operator", metavar="NAME", help="operator who gives the yanks (GCPYPI_OPERATOR)"
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, metavar="N", help="files at a time")
    ] = 8,
    timeout: Timeout = None,
    json: Json = False,
) -> None:
    """Import the files of another index, with their upload times.

    Repeat the command after an interruption: it skips files of the index.

    It ends with a comparison, and needs the rights of an operator.

    Credentials of an index are in its URL or in ~/.netrc.

    Exit codes: 0 all files are in the index, 1 some are not, 2 usage,
    3 no answer in time, 4 no connection or no rights, 130 interrupted.

    \b
    Examples:
      gcpypi import --dry-run ./packages
      gcpypi import https://user:password@pypi.example.com/simple/
      gcpypi import --project 'acme-*' https://devpi.example.com/team/prod/+simple/
      gcpypi import gs://old-bucket/raw/
    """
    from gcpypi.importing.import_command import import_source
    from gcpypi.importing.import_run import ImportOptions

    options = ImportOptions(tuple(project or ()), jobs, dry_run, map_yanks)
    flags = {"index_url": index_url, "operator": operator, "timeout": timeout}
    raise typer.Exit(import_source(source, options, flags, as_json=json))
