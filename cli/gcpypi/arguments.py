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
        "--description",
        metavar="FILE",
        help="the index as JSON, without read access to it (GCPYPI_DESCRIPTION)",
    ),
]
GcpProject = Annotated[
    str | None,
    typer.Option(
        "--gcp-project",
        metavar="ID",
        help="Google Cloud project; default: of the index (GCPYPI_GCP_PROJECT)",
    ),
]
TokensSecret = Annotated[
    str | None,
    typer.Option(
        "--secret",
        metavar="NAME",
        help="secret of the tokens; default: of the index (GCPYPI_TOKENS_SECRET)",
    ),
]
Publish = Annotated[
    bool,
    typer.Option(
        "--publish", help="for publishing through the upload service (GCPYPI_UPLOADERS_SECRET)"
    ),
]
ProjectGlobs = Annotated[
    list[str] | None,
    typer.Option("--project", metavar="GLOB", help="projects (repeatable); default: all"),
]
PublishesAs = Annotated[
    str | None,
    typer.Option("--uploader", metavar="NAME", help="uploader of the files, with --publish"),
]
Uploader = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="UPLOADER",
        help="your name among the uploaders of the index (GCPYPI_UPLOADER)",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="print JSON to standard output")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="do not wait for the answer of the index")]
Timeout = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="time to wait for the index; default: 600 (GCPYPI_TIMEOUT)"
    ),
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
    typer.Option(
        "--operator",
        metavar="NAME",
        help="your name among the operators of the index (GCPYPI_OPERATOR)",
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="do not ask for a confirmation on a terminal")
]


@dataclass(frozen=True, slots=True)
class CommandOptions:
    """Options of all subcommands that give a command; None: as in the settings."""

    uploader: str | None
    operator: str | None
    index_url: str | None
    timeout: float | None
    no_wait: bool


def set_secret(name: str | None, *, publish: bool) -> dict[str, str | None]:
    """Return the setting of ``--secret``: that of reading, or that of publishing."""
    return {"uploaders_secret" if publish else "tokens_secret": name}
