"""Work of ``gcpypi publish``: one run, and the report of its results."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gcpypi.checking.distribution_files import find_distributions
from gcpypi.connection.cloud_failures import explain_cloud_errors
from gcpypi.connection.index_connection import IndexConnection
from gcpypi.errors import ExitCode
from gcpypi.output import create_console, print_failure
from gcpypi.publishing import results
from gcpypi.publishing.publication import Publication, Stage
from gcpypi.publishing.publish_run import PublishOptions, PublishRun
from gcpypi.publishing.run_names import choose_uploader, make_run_id
from gcpypi.settings import Settings


def publish_files(paths: Sequence[Path], settings: Settings, options: PublishOptions) -> ExitCode:
    """Publish the files, print the results, and return the exit code.

    :raises CommandFailure: if the arguments are wrong, or the index cannot be used, before the
        first upload.
    """
    uploader = choose_uploader(settings)
    name = f"{uploader}/{make_run_id(settings, datetime.now(UTC), options.run_id)}"
    files = [Publication(path) for path in find_distributions(paths)]
    with explain_cloud_errors():
        run = PublishRun(IndexConnection(settings), name, files, options)
        try:
            code = run.execute()
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
    if options.as_json:
        results.print_results_as_json(name, files)
    else:
        results.print_results(files)
    results.print_warnings(files)
    _explain(code, name, files, settings.timeout)
    if run.failure:
        print_failure(run.failure)
        return run.failure.code
    return code


def _explain(code: ExitCode, name: str, files: Sequence[Publication], timeout: float) -> None:
    """Print the state of an incomplete run, and the remedy."""
    console = create_console(stderr=True)
    sent = sum(1 for file in files if file.generation)
    if code is ExitCode.INTERRUPTED and not sent:
        console.print("gcpypi: interrupted. 0 files were uploaded. Repeat the command")
    elif code is ExitCode.INTERRUPTED:
        console.print(
            f"gcpypi: interrupted. {sent} files were uploaded to {name}/, and the index still "
            "publishes them. The others were not uploaded. Repeat the command for the rest"
        )
    elif code is ExitCode.TIMEOUT:
        late = sum(1 for file in files if file.stage in (Stage.UPLOADED, Stage.ACCEPTED))
        console.print(
            f"gcpypi: {late} files are not finished after {timeout:g} s. The index can still "
            "publish them. Repeat the command, or give a longer --timeout"
        )
