"""Arguments and options of several commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

IndexUrl = Annotated[
    str | None,
    typer.Option(
        "--index-url", metavar="URL", help="URL of the index, with /simple/ (GCPYPI_INDEX_URL)"
    ),
]
Description = Annotated[
    Path | None,
    typer.Option(
        "--description", metavar="FILE", help="description of the index (GCPYPI_DESCRIPTION)"
    ),
]
GcpProject = Annotated[
    str | None,
    typer.Option("--gcp-project", metavar="ID", help="Google Cloud project (GCPYPI_GCP_PROJECT)"),
]
TokensSecret = Annotated[
    str | None,
    typer.Option("--secret", metavar="NAME", help="secret of the tokens (GCPYPI_TOKENS_SECRET)"),
]
Uploader = Annotated[
    str | None,
    typer.Option("--as", metavar="UPLOADER", help="uploader to act as (GCPYPI_UPLOADER)"),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON to standard output")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="do not wait for the answer of the index")]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="time to wait for the index (GCPYPI_TIMEOUT)"),
]
Paths = Annotated[
    list[Path], typer.Argument(metavar="FILE…|DIR", help="wheels and sdists, or their folders")
]
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="name of the project")]
Version = Annotated[
    str | None, typer.Argument(metavar="VERSION", help="release, with all its files")
]
Filename = Annotated[
    str | None, typer.Option("--file", metavar="FILENAME", help="one file, in place of VERSION")
]
Reason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="reason, shown to users")
]
Operator = Annotated[
    str | None,
    typer.Option("--operator", metavar="NAME", help="operator to act as (GCPYPI_OPERATOR)"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask on a terminal")]


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """Options of all subcommands that give a command; None: as in the settings."""

    uploader: str | None
    operator: str | None
    index_url: str | None
    timeout: float | None
    no_wait: bool
