"""Command ``gcpypi doctor``."""

from typing import Annotated

import typer

from gcpypi.arguments import Description, IndexUrl, Json, Timeout, Uploader


def doctor(
    round_trip: Annotated[
        bool | None,
        typer.Option(
            "--round-trip/--no-round-trip",
            help="publish, install and yank a wheel of gcpypi-doctor; default: only locally",
        ),
    ] = None,
    json: Json = False,
    uploader: Uploader = None,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
    description: Description = None,
) -> None:
    """Check the index, its parts and your rights, and print the remedies.

    Each finding is ok, a warning, an error, or not checked with its reason.

    Exit codes: 0 no error, 1 an error, 2 wrong usage, 4 nothing answers.

    \b
    Examples:
      gcpypi doctor
      gcpypi doctor --round-trip --as acme
      gcpypi doctor --json
    """
    from gcpypi.connection.index_connection import connect
    from gcpypi.doctor.diagnosis import diagnose, report
    from gcpypi.doctor.index_probes import IndexProbes
    from gcpypi.doctor.round_trip import RoundTrip
    from gcpypi.output import create_console, show_step

    connection = connect(
        index_url=index_url, description=description, uploader=uploader, timeout=timeout
    )
    wanted = connection.settings.is_local if round_trip is None else round_trip
    console = create_console(stderr=True)
    checks = [RoundTrip(connection, console.print).check] if wanted else []
    with show_step(console, "checking the index"):
        findings = list(diagnose(IndexProbes(connection), checks))
    raise typer.Exit(report(findings, as_json=json))
