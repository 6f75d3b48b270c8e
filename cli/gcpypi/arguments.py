"""Arguments and options of several commands."""

from pathlib import Path
from typing import Annotated

import typer

IndexUrl = Annotated[
    str | None,
    typer.Option(
        "--index-url", metavar="URL", help="URL of the index, with /simple/ (GCPYPI_INDEX_URL)"
    ),
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
