"""Command ``gcpypi publish``."""

from typing import Annotated

import typer

from gcpypi.arguments import IndexUrl, Json, NoWait, Paths, Timeout, Uploader


def publish(
    paths: Paths,
    uploader: Uploader = None,
    no_wait: NoWait = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, max=64, metavar="N", help="uploads at a time")
    ] = 16,
    run_id: Annotated[
        str | None,
        typer.Option(
            "--run-id",
            metavar="ID",
            help="beginning of the run id; default: from the CI or the time",
        ),
    ] = None,
    timeout: Timeout = None,
    index_url: IndexUrl = None,
    json: Json = False,
) -> None:
    """Publish files, and wait until the index lists them.

    The command checks each file as the index does, uploads it, and waits
    for the verdict and for the page of its project. Files that the page
    lists already are skipped, so a repeated command does no harm.

    Exit codes: 0 all files are published, 1 a file is refused, 2 wrong
    usage, 3 not finished in time, 4 no access, 130 interrupted.

    \b
    Examples:
      gcpypi publish dist/
      gcpypi publish --as acme --json dist/*.whl
      gcpypi publish --no-wait dist/
    """
    from gcpypi.publishing.publish_files import publish_files
    from gcpypi.publishing.publish_run import PublishOptions
    from gcpypi.settings import load_settings

    settings = load_settings(index_url=index_url, uploader=uploader, timeout=timeout)
    options = PublishOptions(run_id=run_id, wait=not no_wait, jobs=jobs, as_json=json)
    raise typer.Exit(publish_files(paths, settings, options))
