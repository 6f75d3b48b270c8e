"""Command ``gcpypi check``."""

from typing import Annotated

import typer

from gcpypi.arguments import Json, Paths


def check(
    paths: Paths,
    strict: Annotated[bool, typer.Option("--strict", help="refuse files with warnings")] = False,
    json: Json = False,
) -> None:
    """Check files as the index does, without the index.

    Exit codes: 0 the index would accept all files, 1 it would refuse one, 2 wrong usage.

    \b
    Examples:
      gcpypi check dist/
      gcpypi check --strict --json dist/*.whl
    """
    from gcpypi.checking.report import report_checks
    from gcpypi.settings import load_settings

    raise typer.Exit(report_checks(paths, load_settings().policy, strict=strict, as_json=json))
